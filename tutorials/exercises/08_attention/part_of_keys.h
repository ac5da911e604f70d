// The result of one query over a part of its keys. Given in exercise 08b.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace exercise::n08b {

struct Part {
  double top = -INFINITY, sum = 0;
  std::vector<double> y;  // (D)
};

// The part of n keys: their scores (n) and their values, n vectors of D numbers.
inline Part part_of(const std::vector<double>& scores, const std::vector<std::vector<double>>& values,
                    size_t D) {
  Part part{.y = std::vector<double>(D)};
  for (const double s : scores) part.top = std::max(part.top, s);
  for (size_t j = 0; j < scores.size(); ++j) {
    const double weight = std::exp(scores[j] - part.top);
    part.sum += weight;
    for (size_t d = 0; d < D; ++d) part.y[d] += weight * values[j][d];
  }
  return part;
}

}  // namespace exercise::n08b
