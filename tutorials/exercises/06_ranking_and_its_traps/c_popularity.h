// 06c The popularity baseline.
//
// The first line of every table: recommend what is taken most often. Three things are easily wrong in it. The
// counts must know only the training parts (leave-one-out as in 06b: all but the last two items of a user
// with three or more). The user's own items are not recommended. And equal counts must not help the target.
//
// Hint 1: The history of the test target is all but the last item; those are removed.
// Hint 2: A hit: fewer than K items that are not in the history have a count of at least the target's.
#pragma once

#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n06c {

using Items = std::vector<int32_t>;  // a user's, in the order of time; of 0 .. V-1

// How often each of V items is in a training part; (V).
inline std::vector<int64_t> popularity(const std::vector<Items>& sequences, int64_t V) {
  throw NotImplemented("the counts");
}

// The K items with the largest counts that are not in `history`, best first; of equal counts the smaller item
// first. Fewer than K if there are not more.
inline Items recommend(const std::vector<int64_t>& counts, const Items& history, int64_t K) {
  throw NotImplemented("the recommendation");
}

// HR@K of popularity on the test targets of the users with three or more items, ties against the target.
inline double hit_rate(const std::vector<Items>& sequences, int64_t V, int64_t K) {
  throw NotImplemented("HR@K");
}

}  // namespace exercise::n06c
