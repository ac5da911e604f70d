// Answer to 06d.
//
// Among 100 samples a rank of 300 of 10,000 is at about the third place. B puts everybody there and has no
// hit among all items. A finds the item of 20 users exactly and knows nothing of the others. The sample sees
// 20 hits of A and 100 of B.
#pragma once

#include <cmath>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n06d {

inline double sampled_hit(int64_t before, int64_t V, int64_t n, int64_t K) {
  const double p = static_cast<double>(before) / static_cast<double>(V - 1);
  if (p == 1) return n < K ? 1 : 0;
  double term = std::pow(1 - p, static_cast<double>(n)), sum = 0;
  for (int64_t x = 0; x < K && x <= n; ++x) {
    sum += term;
    term *= static_cast<double>(n - x) / static_cast<double>(x + 1) * p / (1 - p);
  }
  return sum;
}

struct Fooled {
  std::vector<int64_t> A, B;
};
inline Fooled two_recommenders() {
  Fooled ranks{std::vector<int64_t>(100, 9000), std::vector<int64_t>(100, 300)};
  for (size_t user = 0; user < 20; ++user) ranks.A[user] = 0;
  return ranks;
}

}  // namespace exercise::n06d
