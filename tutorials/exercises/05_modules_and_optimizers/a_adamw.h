// 05a A step of AdamW.
//
//   m = b1 m + (1 - b1) g                   v = b2 v + (1 - b2) g^2
//   m' = m / (1 - b1^t)                     v' = v / (1 - b2^t)
//   w = w (1 - lr decay) - lr m' / (sqrt(v') + eps)
//
// m and v begin at 0, and m', v' correct for that; t = 1 is the first step. The decay acts on w itself, not
// on the gradient: that is the W (Loshchilov and Hutter 2019). The test looks at one step, at many, at a
// gradient as small as eps, and at the decay without a gradient.
//
// Hint 1: Without the correction the first step is (1 - b1) / sqrt(1 - b2) = 3.2 times as large.
// Hint 2: m and v are kept for the next step; m' and v' are not.
#pragma once

#include "tutorials/exercises/grade.h"

namespace exercise::n05a {

struct Config {
  double lr = 0.01, b1 = 0.9, b2 = 0.999, eps = 1e-8, decay = 0;
};

// The new w. g: its gradient; t: 1, 2, ...; m, v: the moments of this w, changed in place.
inline double adamw_step(double w, double g, int t, double& m, double& v, const Config& config) {
  throw NotImplemented("the step");
}

}  // namespace exercise::n05a
