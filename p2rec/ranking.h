// Full ranking: where the target stands among the whole catalogue, and what follows for HR@K and NDCG@K.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "autograd/tensor.h"

namespace p2rec {

// THE rule of order, for every model: the higher score is first; of equal scores the higher index is first.
// So a scorer that gives every item the same score looks no better than it is.
//
// `removed` are items that do not compete, in any order, repeats allowed: usually the user's history. The
// target itself is never removed. NaN or infinite scores throw ag::Error, as do indices outside the
// catalogue.

// rank = #(score > s) + #(score == s and index > target's), over the items that are not removed; 0 is the
// first place. scores (V). O(V + R log R) for the R removed items that stand before the target; nothing of
// size V is allocated.
int64_t rank_of_target(std::span<const ag::real> scores, int32_t target, std::span<const int32_t> removed);

// The first `count` items, best first; fewer if fewer are left.
std::vector<int32_t> top_items(std::span<const ag::real> scores, int64_t count,
                               std::span<const int32_t> removed);

struct Metrics {
  std::vector<int> cutoffs;      // K
  std::vector<double> hr, ndcg;  // per cutoff
  int64_t users = 0;
};

// With one target per user, HR@K is the share of users with rank < K, and NDCG@K the mean of 1 / log2(rank +
// 2) over the users with rank < K and 0 over the others (Jarvelin and Kekalainen 2002; the ideal ranking has
// gain 1). Throws ag::InputError if there is no user.
Metrics metrics_from_ranks(const std::vector<int64_t>& ranks, const std::vector<int>& cutoffs = {5, 10, 20});

}  // namespace p2rec
