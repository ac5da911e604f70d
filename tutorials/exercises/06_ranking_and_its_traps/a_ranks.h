// 06a Ranks, HR and NDCG.
//
//   rank     how many other items come before the target: 0 is first
//   HR@K     1 if rank < K, else 0            NDCG@K   1 / log2(rank + 2) if rank < K, else 0
//
// Every item competes but those in `removed`, the user's history. An item with the target's score comes
// before it: so a model that says the same of every item gets nothing. The target itself never counts, and it
// is never removed. `removed` may name an item twice.
//
// Hint 1: Count the items with score >= the target's, without the target and the removed.
// Hint 2: Make a list of V flags from `removed` first, so that a repeat does no harm.
#pragma once

#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n06a {

// scores: one for each of V items. target and removed: items, 0 .. V-1.
inline int64_t rank_of(const std::vector<double>& scores, int32_t target,
                       const std::vector<int32_t>& removed) {
  throw NotImplemented("the rank");
}

// Means over users, one rank each.
inline double hit_rate(const std::vector<int64_t>& ranks, int64_t K) { throw NotImplemented("HR@K"); }
inline double ndcg(const std::vector<int64_t>& ranks, int64_t K) { throw NotImplemented("NDCG@K"); }

}  // namespace exercise::n06a
