// How much of the known truth of made-up data a method has found. All of these are 1 where everything was found.
#pragma once

#include <cstdint>
#include <vector>

#include "p2rec/data/interactions.h"

namespace p2rec {

// The share of items whose true group is the most frequent one of the group that they were put into. `found` (V) may
// have another number of groups than the truth. By chance a little more than the share of the largest true group.
double purity(const std::vector<int32_t>& found, const std::vector<int32_t>& truth);

// Pearson's correlation, over all users and true groups, of the true preferences with the found ones (users,K). A found
// group's share counts for the true groups that its items belong to. By chance 0.
double preference_correlation(const ag::Tensor& preferences, const std::vector<int32_t>& found,
                              const KnownTruth& truth);

// The `count` other items, or all there are, whose vectors (V,D) have the largest cosine with the item's; of equal
// ones the lower index first.
std::vector<int32_t> nearest_items(const ag::Tensor& vectors, int32_t item, int64_t count);

// The share of true group mates among each item's `count` nearest_items by their vectors (V,D).
// By chance the share of an item's group.
double neighbours_of_group(const ag::Tensor& vectors, const std::vector<int32_t>& truth, int64_t count = 5);

}  // namespace p2rec
