// Answer to 17a.
//
// The users are drawn once for all seeds, since a user who is hard for one seed is hard for the others: drawn
// anew for each seed, that would average out, and the interval would be too narrow.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n17a {

using Gains = std::vector<std::vector<double>>;
using Below = std::function<size_t(size_t n)>;

struct Interval {
  double mean, low, high;
};
inline Interval paired_bootstrap(const Gains& ours, const Gains& baseline, size_t samples,
                                 const Below& below) {
  const size_t S = ours.size(), U = ours[0].size();
  const double n = static_cast<double>(S * U);
  double mean = 0;
  for (size_t s = 0; s < S; ++s) {
    for (size_t u = 0; u < U; ++u) mean += (ours[s][u] - baseline[s][u]) / n;
  }
  std::vector<double> means;
  for (size_t b = 0; b < samples; ++b) {
    std::vector<size_t> seeds(S);
    for (size_t& s : seeds) s = below(S);
    double sum = 0;
    for (size_t i = 0; i < U; ++i) {
      const size_t u = below(U);
      for (const size_t s : seeds) sum += ours[s][u] - baseline[s][u];
    }
    means.push_back(sum / n);
  }
  std::ranges::sort(means);
  return {mean, means[samples / 40], means[samples - 1 - samples / 40]};
}

}  // namespace exercise::n17a
