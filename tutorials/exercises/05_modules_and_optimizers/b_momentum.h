// 05b Momentum.
//
//   v = mu v + g,        w = w - lr v                  (as torch.optim.SGD)
//   v = mu v + g,        w = w - lr (g + mu v)         (Nesterov: one step ahead)
//
// With the same gradient at each step v grows to g / (1 - mu): for mu = 0.9 the steps become ten times as
// long. lr is not part of v, so a changed lr acts at once. Then answer a question with a number: for which lr
// does gradient descent on the loss a w^2 / 2 just not diverge?
//
// Hint 1: v is kept for the next step.
// Hint 2: Without momentum, w = (1 - lr a) w. When is |1 - lr a| above 1?
#pragma once

#include "tutorials/exercises/grade.h"

namespace exercise::n05b {

// The new w. g: its gradient; v: its velocity, 0 before the first step, changed in place.
inline double momentum_step(double w, double g, double& v, double lr, double mu) {
  throw NotImplemented("momentum");
}

inline double nesterov_step(double w, double g, double& v, double lr, double mu) {
  throw NotImplemented("Nesterov's step");
}

// The largest lr with which w = w - lr g, without momentum, does not diverge on the loss a w^2 / 2; a > 0.
inline double largest_lr(double a) { throw NotImplemented("the largest learning rate"); }

}  // namespace exercise::n05b
