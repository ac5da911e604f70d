#include "p2rec/run/stage.h"

#include <algorithm>
#include <set>

#include "autograd/check.h"

namespace p2rec {

const Stage& stage_named(const Stages& stages, const std::string& name) {
  const auto found = std::ranges::find(stages, name, &Stage::name);
  std::string known;
  for (const Stage& stage : stages) known += (known.empty() ? "" : ", ") + stage.name;
  INPUT_CHECK(found != stages.end(), "found the stage '", name,
              "'; expected one that this method has: ", known);
  return *found;
}

std::vector<const Stage*> needed_stages(const Stages& stages, bool from_other) {
  std::set<std::string> names = {stages.back().name};
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

}  // namespace p2rec
