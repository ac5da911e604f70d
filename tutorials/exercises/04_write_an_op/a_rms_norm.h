// 04a The backward of RMSNorm.
//
//   y_c = w_c n_c,   n_c = x_c s,   s = 1 / sqrt(mean_c(x_c^2) + eps)       for each row of x (R,C)
//
// Derive dx and dw as chapter 04 derives those of x / |x|, then write them. The test compares both with
// finite differences; eps is large there, so that its place shows.
//
// Hint 1: w is used in every row, so its gradient is a sum over rows.
// Hint 2: With g = dy w, the gradient with respect to n: ds/dx_j = -s^3 x_j / C.
// Hint 3: dx = s (g - n mean(g n)): the mean over C of one row.
#pragma once

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n04a {

using ag::Tensor;

// The gradient with respect to w (C). x, dy (R,C).
inline Tensor rms_norm_dw(const Tensor& x, const Tensor& w, double eps, const Tensor& dy) {
  throw NotImplemented("gradient with respect to w");
}

// The gradient with respect to x (R,C).
inline Tensor rms_norm_dx(const Tensor& x, const Tensor& w, double eps, const Tensor& dy) {
  throw NotImplemented("gradient with respect to x");
}

}  // namespace exercise::n04a
