#include "p2rec/run/stage_needs.h"

#include <set>

namespace p2rec {

bool is_popularity(const Options& options) { return options.model == "popularity"; }

std::optional<Stage> stage_behind(const std::string& start) {
  if (start == "random") return std::nullopt;
  if (start == "teacher") return Stage::Pretrain;
  if (start == "groups") return Stage::Groups;
  return Stage::Augment;  // whatever is made of the language model's embeddings
}

std::vector<Stage> inputs_of(Stage stage, const Options& options) {
  switch (stage) {
    case Stage::Pretrain:
      return {};
    case Stage::Groups:
      return {Stage::Pretrain};
    case Stage::Reconstruct:
      return {Stage::Groups};
    case Stage::Augment:
      return {Stage::Reconstruct};
    case Stage::Train:
      break;
    case Stage::Evaluate:
      return {Stage::Train};
  }
  std::set<Stage> behind;
  if (is_popularity(options)) return {};
  // Behind an adapter, vectors that are drawn have as many columns as the language model's.
  if (options.use != "start") behind.insert(Stage::Augment);
  for (const std::string& start : options.starts) {
    if (const auto input = stage_behind(start)) behind.insert(*input);
  }
  return {behind.begin(), behind.end()};
}

std::vector<Stage> all_inputs_of(Stage stage, const Options& options) {
  std::set<Stage> all;
  if (stage == Stage::Train && !options.from.empty()) return {};  // they lie in another folder
  for (const Stage input : inputs_of(stage, options)) {
    all.insert(input);
    for (const Stage behind : all_inputs_of(input, options)) all.insert(behind);
  }
  return {all.begin(), all.end()};
}

}  // namespace p2rec
