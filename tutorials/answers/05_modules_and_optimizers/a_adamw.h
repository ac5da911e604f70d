// Answer to 05a.
//
// After t steps with the same gradient g, m is (1 - b1^t) g: the correction makes it g again, from the first
// step on. So a step is at most about lr, whatever the size of the gradients.
#pragma once

#include <cmath>

#include "tutorials/exercises/grade.h"

namespace exercise::n05a {

struct Config {
  double lr = 0.01, b1 = 0.9, b2 = 0.999, eps = 1e-8, decay = 0;
};

inline double adamw_step(double w, double g, int t, double& m, double& v, const Config& config) {
  m = config.b1 * m + (1 - config.b1) * g;
  v = config.b2 * v + (1 - config.b2) * g * g;
  const double corrected_m = m / (1 - std::pow(config.b1, t)), corrected_v = v / (1 - std::pow(config.b2, t));
  return w * (1 - config.lr * config.decay) - config.lr * corrected_m / (std::sqrt(corrected_v) + config.eps);
}

}  // namespace exercise::n05a
