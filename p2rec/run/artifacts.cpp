#include "p2rec/run/artifacts.h"

#include "nn/io/json.h"
#include "p2rec/task/task.h"

namespace p2rec {

Manifest::Manifest(const nn::Path& folder) : path_(folder / "manifest.json") {
  if (!std::filesystem::exists(path_)) return;
  try {
    stages_ = nn::parse_json<nn::Json>(nn::read_file(path_, "manifest"), path_.string())
                  .get<std::map<std::string, std::string>>();
  } catch (const nn::Json::exception& problem) {
    throw ag::InputError(ag::message(path_.string(), ": not a manifest of this program: ", problem.what()));
  }
}

void Manifest::check_fits(const std::string& stage, const std::string& fingerprint) const {
  const std::string difference = first_difference(fingerprint_of(stage), fingerprint);
  INPUT_CHECK(difference.empty(), path_.parent_path().string(), ": the stage '", stage, "' was run with ",
              difference, "; hint: give the same options, another --out, or --overwrite");
}

const std::string& Manifest::fingerprint_of(const std::string& stage) const {
  INPUT_CHECK(done(stage), path_.parent_path().string(), ": the stage '", stage,
              "' has not been run here; hint: p2rec ", stage);
  return stages_.at(stage);
}

void Manifest::enter(const std::string& stage, const std::string& fingerprint) {
  stages_[stage] = fingerprint;
  write();
}

void Manifest::remove(const std::string& stage) {
  if (stages_.erase(stage)) write();
}

void Manifest::write() const { nn::write_atomically(path_, nn::json_text(nn::Json(stages_), 1) + "\n"); }

}  // namespace p2rec
