// Answer to 14b.
//
// Of all C(n) pairs, the share A / C(n) is together in the one grouping and B / C(n) in the other. If the two
// know nothing of each other, the share of both is the product: E pairs. So R - E is what the groupings share
// beyond chance, divided by the most that it can be.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n14b {

inline double adjusted_rand(const std::vector<int32_t>& found, const std::vector<int32_t>& truth) {
  std::map<std::pair<int32_t, int32_t>, double> both;
  std::map<int32_t, double> rows, columns;
  for (size_t i = 0; i < found.size(); ++i)
    ++both[{found[i], truth[i]}], ++rows[found[i]], ++columns[truth[i]];
  const auto pairs = [](const auto& counts) {
    double sum = 0;
    for (const auto& [group, m] : counts) sum += m * (m - 1) / 2;
    return sum;
  };
  const double n = static_cast<double>(found.size()), R = pairs(both), A = pairs(rows), B = pairs(columns);
  const double E = A * B / (n * (n - 1) / 2);
  return (A + B) / 2 == E ? 1 : (R - E) / ((A + B) / 2 - E);
}

}  // namespace exercise::n14b
