#include "06_ranking_and_its_traps/c_popularity.h"

#include <cmath>

namespace n06c = exercise::n06c;
using n06c::Items;

namespace {

// Training parts: 0 1 | 0 2 | 0 | 1 1. So the counts are 3 3 1 0 0.
const std::vector<Items> kUsers{{0, 1, 3, 2}, {0, 2, 3, 1}, {0, 4, 3}, {1, 1}};

std::vector<int64_t> wide(const Items& items) { return {items.begin(), items.end()}; }

}  // namespace

EXERCISE("06c", 3, "The popularity baseline") {
  grade.part("the counts", [&] {
    const std::vector<int64_t> counts = n06c::popularity(kUsers, 5);
    if (!grade.equal("the count of each item", counts, {3, 3, 1, 0, 0})) {
      grade.check(counts != std::vector<int64_t>{3, 4, 2, 3, 1}, "the targets are counted too: leakage");
      grade.check(counts != std::vector<int64_t>{3, 3, 1, 2, 1},
                  "the validation targets are counted too: leakage");
      grade.check(counts != std::vector<int64_t>{3, 1, 1, 0, 0}, "a user of two items trains with both");
      grade.check(counts != std::vector<int64_t>{3, 2, 1, 0, 0},
                  "an item that a user has twice counts twice");
    }
  });
  grade.part("the recommendation", [&] {
    const std::vector<int64_t> counts{5, 9, 5, 1, 7};
    grade.equal("the list of three", wide(n06c::recommend(counts, {}, 3)), {1, 4, 0});
    if (!grade.equal("the list of two for a user who has 1 and 0", wide(n06c::recommend(counts, {1, 0}, 2)),
                     {4, 2}))
      grade.check(wide(n06c::recommend(counts, {1, 0}, 2)) != std::vector<int64_t>{4},
                  "first remove the history, then take the first K");
    grade.equal("the list where fewer than K are left", wide(n06c::recommend(counts, {1, 0, 4}, 9)), {2, 3});
  });
  grade.part("HR@K", [&] {
    // The targets 2, 1 and 3, each with the history removed: 2 against 4 (1 to 0), 1 against 4 (3 to 0), and
    // 3 against 1, 2 (0 to 3 and 1).
    const double hr = n06c::hit_rate(kUsers, 5, 1);
    if (!grade.close("HR@1", hr, 2.0 / 3)) {
      grade.check(!exercise::is_close(hr, 0.5), "the user without a target is counted");
      grade.check(hr > 0.34, "the user's own items compete with the target");
    }
    // Nobody has ever taken what is to be predicted, and nothing else either: all counts but the history's
    // are 0.
    const double ties = n06c::hit_rate({{0, 1, 2}, {0, 1, 2}}, 30, 5);
    if (!grade.close("HR@5 where the target ties with 27 others", ties, 0))
      grade.check(false, "ties help the target here; hint: count >= and do not look into the sorted list");
  });
}
