// Answer to 17b.
//
// Two seeds need a difference of nine times their spread, three two and a half times, five 1.2 times: the
// third seed is worth more than all later ones. Halving the difference takes four times the seeds.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n17b {

inline double t_quantile(size_t freedom) {
  constexpr std::array<double, 30> kTable = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                             2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                             2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                                             2.060,  2.056, 2.052, 2.048, 2.045, 2.042};
  return freedom <= kTable.size() ? kTable.at(freedom - 1) : 1.96;
}

inline double resolvable(const std::vector<double>& of_seeds) {
  const size_t S = of_seeds.size();
  if (S < 2) return std::numeric_limits<double>::infinity();
  double mean = 0, squares = 0;
  for (const double d : of_seeds) mean += d / static_cast<double>(S);
  for (const double d : of_seeds) squares += (d - mean) * (d - mean);
  const double std = std::sqrt(squares / static_cast<double>(S - 1));
  return t_quantile(S - 1) * std / std::sqrt(static_cast<double>(S));
}

inline int64_t seeds_needed(double std, double effect) {
  size_t S = 2;
  while (t_quantile(S - 1) * std / std::sqrt(static_cast<double>(S)) > effect) ++S;
  return static_cast<int64_t>(S);
}

inline std::string verdict(double d, double low, double high, double resolvable) {
  if (std::abs(d) < resolvable) return "not shown";
  return low > 0 ? "better" : high < 0 ? "worse" : "not shown";
}

}  // namespace exercise::n17b
