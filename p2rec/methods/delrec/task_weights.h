// The joint loss of two tasks, weighed by the norms of their gradients (DELRec's code, `MTL/MTL.py`):
//
//   r_i = (L_i/[L_i]) / |g_i|    g_i the gradient of L_i, |g_i| its norm, [x] a constant with the value of x
//   w_i = r_i^alpha / (r_1^alpha + r_2^alpha)    alpha = 1/2
//   loss = w_1 L_1 + w_2 L_2
//
// The task with the smaller gradient has the larger weight. The quotient of L_i and its value is 1, but it
// has a gradient, and so do the weights. The gradient of the loss is
//
//   (w_1 + D / L_1) g_1 + (w_2 - D / L_2) g_2    D = alpha w_1 w_2 (L_1 - L_2)
#pragma once

#include <array>

#include "autograd/tensor.h"

namespace p2rec {

struct TaskLoss {
  double loss = 0;      // above 0
  ag::Tensor gradient;  // of any shape, not 0
};

struct JointLoss {
  double loss = 0;
  ag::Tensor gradient;
  std::array<double, 2> weights = {};
};
JointLoss joint_loss(const TaskLoss& first, const TaskLoss& second, double alpha = 0.5);

// A loss () with this value and this gradient with respect to x, for the training loop.
ag::Tensor known_loss(const ag::Tensor& x, const JointLoss& joint);

}  // namespace p2rec
