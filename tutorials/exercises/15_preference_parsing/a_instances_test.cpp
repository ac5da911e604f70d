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
    grade.equal("the targets", {got[0].target, got[1].target, got[2].target}, {3, 9, 4});
    grade.equal("the last history", numbers(got[2].history), {7, 3, 9});
  });
  grade.part("short sequences", [&] {
    grade.equal("instances of two items, which both are training", {std::ssize(instances({4, 2}))}, {1});
    grade.equal("instances of three items, of which one is", {std::ssize(instances({4, 2, 6}))}, {0});
    grade.equal("instances of one item", {std::ssize(instances({4}))}, {0});
  });
  grade.part("tokens", [&] {
    grade.equal("of one prompt of 6 items, 25 words", {user_level_tokens(6, 50, 25)}, {31});
    grade.equal("of one prompt of 60 items, the last 50 shown", {user_level_tokens(60, 50, 25)}, {75});
    const int64_t got = instance_level_tokens(6, 50, 25);
    if (!grade.equal("of all instances of 6 items", {got}, {140})) {
      grade.check(got != 15 + 25, "each instance has its own words");
      grade.check(got != 171, "the whole training part is no instance: it has no target");
    }
    grade.equal("of all instances of 4 items, the last 2 shown", {instance_level_tokens(4, 2, 10)}, {35});
  });
}
