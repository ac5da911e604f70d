#include "15_preference_parsing/a_instances.h"

#include <algorithm>

using namespace exercise::n15a;

namespace {

bool shows(const Instance& instance, int32_t item) {
  return std::ranges::count(instance.history, item) > 0 || instance.target == item;
}

std::vector<int64_t> numbers(const std::vector<int32_t>& items) { return {items.begin(), items.end()}; }

}  // namespace

EXERCISE("15a", 3, "Instances, and what they cost") {
  grade.part("the instances of a sequence", [&] {
    const std::vector<Instance> got = instances({7, 3, 9, 4, 8, 5});  // 8 for validation, 5 for test
    for (const Instance& i : got) {
      grade.check(!shows(i, 5), "the test item is used: the training part ends two items earlier");
      grade.check(!shows(i, 8), "the validation item is used: only evaluation may see it");
      grade.check(!i.history.empty(), "the first item has no history, so it is no target");
      grade.check(std::ranges::count(i.history, i.target) == 0, "a target is in its own history");
    }
    if (!grade.equal("the number of instances", {std::ssize(got)}, {3})) return;
    grade.equal("the list of targets", {got[0].target, got[1].target, got[2].target}, {3, 9, 4});
    grade.equal("the last history", numbers(got[2].history), {7, 3, 9});
  });
  grade.part("short sequences", [&] {
    const auto count = [](const std::vector<int32_t>& items) { return std::ssize(instances(items)); };
    const std::string number = "the number of instances of ";
    if (!grade.equal(number + "two items (both are training)", {count({4, 2})}, {1}))
      grade.check(count({4, 2}) != 0, "of up to two items none is held out");
    grade.equal(number + "three items (one is training)", {count({4, 2, 6})}, {0});
    grade.equal(number + "one item", {count({4})}, {0});
  });
  grade.part("tokens", [&] {
    const std::string number = "the number of tokens of ";
    grade.equal(number + "one prompt of 6 items and 25 words", {user_level_tokens(6, 50, 25)}, {31});
    const int64_t cut = user_level_tokens(60, 50, 25);
    if (!grade.equal(number + "one prompt of 60 items (50 are shown) and 25 words", {cut}, {75}))
      grade.check(cut != 85, "a prompt shows no more than the last `history` items");
    const int64_t got = instance_level_tokens(6, 50, 25);
    if (!grade.equal(number + "all instances of 6 items, with 25 words", {got}, {140})) {
      grade.check(got != 15 + 25, "each instance has its own words");
      grade.check(got != 171, "the whole training part is no instance: it has no target");
    }
    const int64_t all_cut = instance_level_tokens(4, 2, 10);
    if (!grade.equal(number + "all instances of 4 items (2 are shown), with 10 words", {all_cut}, {35}))
      grade.check(all_cut != 36, "an instance shows no more than the last `history` items");
  });
}
