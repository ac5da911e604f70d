// How much of the known truth of synthetic data a method has found. All measures are 1 if
// everything was found.
#pragma once

#include <cstdint>
#include <vector>

#include "p2rec/data/interactions.h"

namespace p2rec {

// The share of items whose true group is the most frequent one of their found group. `found` (V) may have
// another number of groups than the truth. By chance: a little more than the share of the largest true group.
double purity(const std::vector<int32_t>& found, const std::vector<int32_t>& truth);

// Pearson's correlation, over all users and true groups, between the true preferences and the found ones
// (users,K). The preference for a found group is divided among the true groups of its items. By chance: 0.
double preference_correlation(const ag::Tensor& preferences, const std::vector<int32_t>& found,
                              const KnownTruth& truth);

// The `count` other items (or all, if there are fewer) whose vectors (V,D) have the largest cosine with the
// item's; ties: the lower index first.
std::vector<int32_t> nearest_items(const ag::Tensor& vectors, int32_t item, int64_t count);

// The share of each item's `count` nearest_items, by vectors (V,D), that are in its true group. By chance:
// the share of the item's group.
double neighbours_of_group(const ag::Tensor& vectors, const std::vector<int32_t>& truth, int64_t count = 5);

}  // namespace p2rec
