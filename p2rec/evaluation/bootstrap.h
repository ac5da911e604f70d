// Means over seeds, and paired differences with bootstrap intervals.
#pragma once

#include <vector>

namespace p2rec {

struct Estimate {
  double mean = 0;
  double std = 0;  // over the seeds, with n - 1; 0 of a single one
};
Estimate estimate(const std::vector<double>& values);

// The paired difference of an arm to the baseline: same seeds, same units.
struct Difference {
  double mean = 0;
  double low = 0, high = 0;  // 95% of bootstrap samples that draw seeds and units
  // The smallest true difference that this many seeds would show: t(0.975, n-1) times the standard error over the seeds.
  double resolvable = 0;
};

using UnitValues = std::vector<std::vector<double>>;  // (measures, units)

// Per measure. ours[s] and baseline[s] are of the same seed and the same units.
std::vector<Difference> differences(const std::vector<UnitValues>& ours,
                                    const std::vector<UnitValues>& baseline);

}  // namespace p2rec
