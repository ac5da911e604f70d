// Search for the best of choices^places points by Bayesian optimisation, and by random draws as its control.
//
// The first trials are random. Then a Gaussian process is fitted to the values so far, and the next point is
// that with the largest expected improvement of all that were not tried: the space is small enough to look at
// each. The squared distance of two points is the number of places in which they differ: a point is a row
// with 1 / sqrt(2) for each place's choice. The kernel's length and noise are those of kLengths and kNoises
// with the largest marginal likelihood.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "nn/io/describe.h"

namespace p2rec {

using Point = std::vector<int>;  // (places) numbers from 0 to choices - 1

struct SearchSpace {
  int64_t places = 1, choices = 2;
  int64_t size() const;
  Point point(int64_t index) const;  // the index's digits to the base `choices`, the first place last
};

struct SearchTrial {
  Point point;
  double value = 0;  // larger is better
};

struct SearchConfig {
  int64_t trials = 12;  // at most as many as points
  int64_t first = 4;    // of them random; as many as trials: random search
  uint64_t seed = 1;
};
void describe(SearchConfig& config, const nn::Visit& visit);

inline constexpr double kLengths[] = {0.5, 1, 2, 4}, kNoises[] = {0.01, 0.1, 0.5};

// Tries points, each once, with value(point). The trials in their order; the first ones are the same for
// every config with this seed.
std::vector<SearchTrial> search(const SearchSpace& space, const SearchConfig& config,
                                const std::function<double(const Point&)>& value);

const SearchTrial& best_trial(const std::vector<SearchTrial>& trials);  // ties: the first one

}  // namespace p2rec
