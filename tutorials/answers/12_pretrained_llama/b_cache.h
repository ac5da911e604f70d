// Answer to 12b.
//
// Causal attention never changes an earlier row, so keys and values are final once they are computed. A step
// costs t products of D numbers instead of t^2.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n12b {

struct Cache {
  std::vector<std::vector<double>> keys, values;
};

inline std::vector<double> next(Cache& cache, const std::vector<double>& q, const std::vector<double>& k,
                                const std::vector<double>& v) {
  cache.keys.push_back(k);
  cache.values.push_back(v);
  std::vector<double> s;
  for (const auto& key : cache.keys)
    s.push_back(std::inner_product(q.begin(), q.end(), key.begin(), 0.0) /
                std::sqrt(static_cast<double>(q.size())));
  const double top = *std::max_element(s.begin(), s.end());
  std::vector<double> y(v.size(), 0);
  double sum = 0;
  for (size_t j = 0; j < s.size(); ++j) {
    const double weight = std::exp(s[j] - top);
    sum += weight;
    for (size_t d = 0; d < y.size(); ++d) y[d] += weight * cache.values[j][d];
  }
  for (double& number : y) number /= sum;
  return y;
}

}  // namespace exercise::n12b
