#include "06_ranking_and_its_traps/b_leave_one_out.h"

#include <algorithm>

namespace n06b = exercise::n06b;
using n06b::Items;

namespace {

std::vector<int64_t> wide(const Items& items) { return {items.begin(), items.end()}; }

const Items kFive{7, 3, 7, 5, 3};  // 7 and 3 occur twice

}  // namespace

EXERCISE("06b", 4, "Leave one out, and leak nothing") {
  grade.part("the split", [&] {
    const n06b::Split split = n06b::leave_one_out(kFive);
    grade.equal("the training part of 7 3 7 5 3", wide(split.training), {7, 3, 7});
    grade.equal("the validation target", {split.validation}, {5});
    if (!grade.equal("the test target", {split.test}, {3}))
      grade.check(split.test != 5, "the last item is for the test, the one before for validation");
  });
  grade.part("short sequences", [&] {
    for (const Items& sequence : {Items{}, Items{4}, Items{4, 6}}) {
      const n06b::Split split = n06b::leave_one_out(sequence);
      const std::string n = std::to_string(sequence.size()) + " items: ";
      grade.equal(n + "the training part", wide(split.training), wide(sequence));
      grade.equal(n + "the pair of targets", {split.validation, split.test}, {-1, -1});
    }
    const n06b::Split three = n06b::leave_one_out({4, 6, 8});
    grade.equal("3 items: the training part", wide(three.training), {4});
    grade.equal("3 items: the pair of targets", {three.validation, three.test}, {6, 8});
  });
  grade.part("what may be seen", [&] {
    const Items validation = n06b::validation_history(kFive), test = n06b::test_history(kFive);
    if (!grade.equal("the history of the validation target", wide(validation), {7, 3, 7}))
      grade.check(validation.size() <= 3, "the target or what comes after it is in its own history: leakage");
    if (!grade.equal("the history of the test target", wide(test), {7, 3, 7, 5})) {
      grade.check(test.size() <= 4, "the target is in its own history: leakage");
      grade.check(wide(test) != std::vector<int64_t>{7, 3, 7},
                  "the validation item is missing; it has happened by then");
    }
  });
  grade.part("training pairs", [&] {
    const std::vector<n06b::Pair> pairs = n06b::training_pairs(kFive);
    if (!grade.equal("the number of pairs", {static_cast<int64_t>(pairs.size())}, {2})) {
      grade.check(pairs.size() != 4, "the targets are in the pairs: the model would learn the answers");
      grade.check(pairs.size() != 3,
                  "there is a pair too many: with an empty history, or with the validation target");
      return;
    }
    grade.equal("the first history", wide(pairs[0].history), {7});
    grade.equal("the second history", wide(pairs[1].history), {7, 3});
    grade.equal("the list of next items", {pairs[0].next, pairs[1].next}, {3, 7});
    grade.equal("the number of pairs of one item", {static_cast<int64_t>(n06b::training_pairs({4}).size())},
                {0});
    grade.equal("the number of pairs of two items",
                {static_cast<int64_t>(n06b::training_pairs({4, 6}).size())}, {1});
  });
}
