#include "p2rec/run/run_folder.h"

#include <algorithm>

#include "nn/io/file_owner.h"
#include "nn/io/json.h"
#include "p2rec/data/text_file.h"
#include "p2rec/run/options.h"
#include "p2rec/run/results_file.h"
#include "p2rec/task/log_file.h"
#include "p2rec/task/task.h"

namespace p2rec {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 4;  // of the folder; format 1 had no number

// The files that belong to no single stage.
constexpr const char *kManifest = "manifest.json", *kResults = "results.json", *kReport = "report.html";

// The stage's files, and its checkpoints (task.h).
std::vector<std::string> patterns_of(const Stage& stage) {
  std::vector<std::string> patterns = stage.files;
  for (const char* ending : {".safetensors", "-*.safetensors"})
    patterns.push_back("state-" + stage.name + ending);
  return patterns;
}

bool is_checkpoint(const nn::Path& file) { return file.filename().string().starts_with("state-"); }

void check_options_of(const nn::Path& file, const std::string& fingerprint) {
  const nn::Metadata found = nn::read_safetensors_metadata(file);
  const auto options = found.find(is_checkpoint(file) ? kCheckpointOptions : kArtefactOptions);
  INPUT_CHECK(options != found.end(), file.string(),
              ": this file of the run does not say with which options it was made");
  const std::string difference = first_difference(options->second, fingerprint);
  INPUT_CHECK(difference.empty(), file.string(), ": was made with other options: ", difference,
              "; hint: give the old option again, or start over with --overwrite");
}

}  // namespace

Manifest::Manifest(const nn::Path& folder, bool overwrite) : path_(folder / kManifest) {
  if (!fs::exists(path_)) return;
  const auto json = nn::read_json_object<nn::Json>(path_, "manifest");
  const bool ours = json.value("format", nn::Json()) == kFormat;
  if (!ours && overwrite) return;
  INPUT_CHECK(ours, path_.string(),
              ": this run was made by another version of p2rec; hint: use that version, or start over with "
              "--overwrite");
  try {
    stages_ = json.at("stages").get<std::map<std::string, std::string>>();
  } catch (const nn::Json::exception& problem) {
    throw ag::InputError(ag::message(path_.string(), ": not a manifest of this program: ", problem.what()));
  }
}

void Manifest::check_fits(const std::string& stage, const std::string& fingerprint) const {
  const std::string difference = first_difference(fingerprint_of(stage), fingerprint);
  const nn::Path folder = path_.parent_path();
  INPUT_CHECK(difference.empty(), folder.string(), ": the stage '", stage, "' was run with ", difference,
              "; hint: --config ", (folder / "config.toml").string(),
              " gives the same options; otherwise another --out, or --overwrite");
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

void Manifest::write() const {
  nn::write_atomically(path_, nn::json_text(nn::Json{{"format", kFormat}, {"stages", stages_}}, 1) + "\n");
}

bool matches(const std::string& name, const std::string& pattern) {
  const size_t star = pattern.find('*');
  if (star == std::string::npos) return name == pattern;
  const std::string before = pattern.substr(0, star), after = pattern.substr(star + 1);
  return name.size() >= before.size() + after.size() && name.starts_with(before) && name.ends_with(after);
}

std::vector<nn::Path> found_files(const nn::Path& folder, const std::vector<std::string>& patterns) {
  std::vector<nn::Path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder).generic_string();
    const auto fits = [&](const std::string& pattern) { return matches(name, pattern); };
    if (entry.is_regular_file() && std::ranges::any_of(patterns, fits)) found.push_back(entry.path());
  }
  return found;
}

bool is_untouched(const nn::Path& folder) {
  const std::string first = kConfigFile + std::string(nn::kTemporaryEnding);
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename() != first) return false;
  }
  return true;
}

void check_resumes(const nn::Path& folder, const Manifest& manifest, const Stage& stage,
                   const std::string& fingerprint, bool resume) {
  const bool done = manifest.done(stage.name);
  if (done) manifest.check_fits(stage.name, fingerprint);
  const std::vector<nn::Path> files = found_files(folder, patterns_of(stage));
  INPUT_CHECK(resume || (!done && files.empty()), folder.string(), ": the stage '", stage.name,
              "' was started or finished here before; hint: --resume resumes it, --overwrite starts over");
  if (done) return;
  for (const nn::Path& file : files) {
    if (file.extension() == ".safetensors") check_options_of(file, fingerprint);
  }
}

void remove_temporaries(const nn::Path& folder, const Stages& stages) {
  std::vector<std::string> patterns = {kConfigFile, kManifest, kResults, kLogName, kReport};
  for (const Stage& stage : stages) std::ranges::copy(patterns_of(stage), std::back_inserter(patterns));
  for (std::string& pattern : patterns) pattern += nn::kTemporaryEnding;
  for (const nn::Path& file : found_files(folder, patterns)) nn::remove_file(file);
}

void remove_checkpoints(const nn::Path& folder, const Stage& stage) {
  for (const nn::Path& file : found_files(folder, patterns_of(stage))) {
    if (is_checkpoint(file)) nn::remove_file(file);
  }
}

// Removes the last stage first, and for each stage its manifest entry first. So if this is interrupted, the
// folder looks like a run that was interrupted in that stage. The records in results.json are removed last
// and all at once: a stage that runs again replaces its records, but a stage that is still in the manifest
// would never get them back.
void remove_from(const nn::Path& folder, Manifest& manifest, const Stages& stages, const std::string& first) {
  LogFile log(folder / kLogName);
  nn::remove_file(folder / kReport);  // it shows results that are removed now
  std::vector<std::string> gone;
  for (auto stage = stages.rbegin(); gone.empty() || gone.back() != first; ++stage) {
    gone.push_back(stage->name);
    manifest.remove(stage->name);
    for (const nn::Path& file : found_files(folder, patterns_of(*stage))) nn::remove_file(file);
    log.drop_all(stage->name);
  }
  if (first == stages.front().name) {
    nn::remove_file(folder / kResults);  // another version may have written it
  } else {
    ResultsFile(folder).remove(gone);
  }
}

int64_t integer_in(const nn::Metadata& metadata, const std::string& key, const nn::Path& file) {
  const auto found = metadata.find(key);
  const auto number = found == metadata.end() ? std::nullopt : parse_field<int64_t>(found->second);
  INPUT_CHECK(number, file.string(), ": its metadata has no integer '", key,
              "'; hint: another version of p2rec wrote it; start over with --overwrite");
  return *number;
}

}  // namespace p2rec
