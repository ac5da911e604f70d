// Whom a recommender serves well: the same ranks, split by the popularity of the target and by the length of the history.
#pragma once

#include <vector>

#include "p2rec/data/interactions.h"
#include "p2rec/evaluation/results.h"

namespace p2rec {

// One ranking: of whom, of what, and what was known before. In the order of ranked_users, as the ranks are.
struct RankedUser {
  int64_t user = 0;
  int32_t target = 0;
  int64_t history = 0;     // interactions before the target
  int64_t item_count = 0;  // of the target, in the training parts
  bool rare = false;       // the target is among the rare items
};
std::vector<RankedUser> describe_ranked_users(const Interactions& data, const std::vector<int64_t>& users,
                                              Target target);

// The rare items are the half of the catalogue (rounded down) with the fewest interactions in the training parts; of equally
// frequent ones the lower index is the rarer.
std::vector<bool> rare_items(const Interactions& data);

// By target: rare, frequent; by history: short, long. A history is short up to the median of the ranked users' histories (of
// an even number of them the lower one of the two in the middle). A split without users is left out.
std::vector<Split> splits_of(const std::vector<RankedUser>& users);

}  // namespace p2rec
