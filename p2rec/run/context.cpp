#include "p2rec/run/context.h"

#include <algorithm>

#include "p2rec/run/run_folder.h"

namespace p2rec {

Context::Context(const RunParts& run, const Stage& stage, std::string fingerprint)
    : run_(run),
      stage_(stage),
      fingerprint_(std::move(fingerprint)),
      data_(hide_targets(run.data, stage.sees)) {}

bool Context::declares(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

const std::vector<uint64_t>& Context::seeds() const {
  AG_CHECK(stage_.all_seeds, "the stage '", stage_.name, "' does not declare that it depends on all seeds");
  return run_.config.seeds;
}

nn::Path Context::input(const std::string& stage, const std::string& file) const {
  AG_CHECK(has_input(stage), "the stage '", stage_.name, "' does not declare the input '", stage, "'");
  const bool other = stage_.begins_from_other && !run_.config.from.empty();
  return nn::Path(other ? run_.config.from : run_.config.out) / file;
}

nn::Path Context::output(const std::string& file) const {
  AG_CHECK(std::ranges::any_of(stage_.files, [&](const std::string& p) { return matches(file, p); }),
           "the stage '", stage_.name, "' does not declare the file '", file, "'");
  return nn::Path(run_.config.out) / file;
}

nn::Metadata Context::metadata() const {
  return {{"p2rec.stage", stage_.name}, {kArtefactOptions, fingerprint_}};
}

Task Context::task() const { return run_.journal ? run_.journal->task(stage_.name, fingerprint_) : Task{}; }

}  // namespace p2rec
