#include "p2rec/run/stage.h"

#include <algorithm>
#include <set>

#include "p2rec/run/run_folder.h"

namespace p2rec {

const Stage& stage_named(const Stages& stages, const std::string& name) {
  const auto found = std::ranges::find(stages, name, &Stage::name);
  std::string known;
  for (const Stage& stage : stages) known += (known.empty() ? "" : ", ") + stage.name;
  INPUT_CHECK(found != stages.end(), "found the stage '", name,
              "'; expected a stage of this method: ", known);
  return *found;
}

std::vector<const Stage*> needed_stages(const Stages& stages, const Stage& last, bool from_other) {
  std::set<std::string> names = {last.name};
  for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage) {
    if (names.contains(stage->name) && !(from_other && stage->begins_from_other))
      names.insert(stage->inputs.begin(), stage->inputs.end());
  }
  std::vector<const Stage*> needed;
  for (const Stage& stage : stages) {
    if (names.contains(stage.name)) needed.push_back(&stage);
  }
  return needed;
}

Context::Context(const RunParts& run, const Stage& stage, std::string fingerprint)
    : run_(run),
      stage_(stage),
      fingerprint_(std::move(fingerprint)),
      data_(hide_targets(run.data, stage.sees)) {}

const std::vector<uint64_t>& Context::seeds() const {
  AG_CHECK(stage_.all_seeds, "the stage '", stage_.name, "' does not declare that it depends on all seeds");
  return run_.config.seeds;
}

nn::Path Context::input(const std::string& stage, const std::string& file) const {
  AG_CHECK(has_input(stage), "the stage '", stage_.name, "' does not declare the input '", stage, "'");
  return nn::Path(inputs_are_elsewhere() ? run_.config.from : run_.config.out) / file;
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
