// Answer to 06a.
//
// `>=` and not `>`: what a model cannot tell apart, it gets no credit for. NDCG's ideal ranking has the one
// target first, with gain 1, so there is nothing to divide by.
#pragma once

#include <cmath>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n06a {

inline int64_t rank_of(const std::vector<double>& scores, int32_t target,
                       const std::vector<int32_t>& removed) {
  std::vector<bool> competes(scores.size(), true);
  for (const int32_t item : removed) competes[static_cast<size_t>(item)] = false;
  const auto t = static_cast<size_t>(target);
  competes[t] = false;
  int64_t before = 0;
  for (size_t i = 0; i < scores.size(); ++i) before += competes[i] && scores[i] >= scores[t];
  return before;
}

inline double hit_rate(const std::vector<int64_t>& ranks, int64_t K) {
  double sum = 0;
  for (const int64_t rank : ranks) sum += rank < K;
  return sum / static_cast<double>(ranks.size());
}

inline double ndcg(const std::vector<int64_t>& ranks, int64_t K) {
  double sum = 0;
  for (const int64_t rank : ranks) sum += rank < K ? 1 / std::log2(static_cast<double>(rank) + 2) : 0;
  return sum / static_cast<double>(ranks.size());
}

}  // namespace exercise::n06a
