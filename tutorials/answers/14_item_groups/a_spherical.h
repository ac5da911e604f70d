// Answer to 14a.
//
// sum of e_i . c over a group is m . c, which is largest for c = m / |m| (Cauchy and Schwarz). So move cannot
// lower the objective, and assign takes the best for each item.
#pragma once

#include <cmath>
#include <numeric>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n14a {

using Rows = std::vector<std::vector<double>>;

inline double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

inline std::vector<int64_t> assign(const Rows& e, const Rows& c) {
  std::vector<int64_t> group_of(e.size(), 0);
  for (size_t i = 0; i < e.size(); ++i) {
    for (size_t k = 1; k < c.size(); ++k) {
      if (dot(e[i], c[k]) > dot(e[i], c[static_cast<size_t>(group_of[i])]))
        group_of[i] = static_cast<int64_t>(k);
    }
  }
  return group_of;
}

inline Rows move(const Rows& e, const std::vector<int64_t>& group_of, const Rows& c) {
  Rows m(c.size(), std::vector<double>(c[0].size(), 0));
  for (size_t i = 0; i < e.size(); ++i) {
    for (size_t d = 0; d < e[i].size(); ++d) m[static_cast<size_t>(group_of[i])][d] += e[i][d];
  }
  for (size_t k = 0; k < m.size(); ++k) {
    const double length = std::sqrt(dot(m[k], m[k]));
    if (length == 0) m[k] = c[k];
    if (length > 0)
      for (double& number : m[k]) number /= length;
  }
  return m;
}

}  // namespace exercise::n14a
