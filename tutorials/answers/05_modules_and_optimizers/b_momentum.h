// Answer to 05b.
//
// g = a w, so a step multiplies w by 1 - lr a, which is -1 at lr = 2 / a. The steepest direction of a loss
// says how large lr may be, and the flat ones wait.
#pragma once

#include "tutorials/exercises/grade.h"

namespace exercise::n05b {

inline double momentum_step(double w, double g, double& v, double lr, double mu) {
  v = mu * v + g;
  return w - lr * v;
}

inline double nesterov_step(double w, double g, double& v, double lr, double mu) {
  v = mu * v + g;
  return w - lr * (g + mu * v);
}

inline double largest_lr(double a) { return 2 / a; }

}  // namespace exercise::n05b
