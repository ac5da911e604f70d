// 04c Log-softmax, forward and backward.
//
//   y_c = x_c - log sum_k exp(x_k)       for each row of x (R,C)
//
// It is in every cross-entropy. Written as above it overflows: exp(1000) is infinite. Subtract the row's
// maximum first, which changes nothing else. Then derive backward. It needs y, but not x: keep only that.
//
// Hint 1: log sum_k exp(x_k) = m + log sum_k exp(x_k - m) for every m.
// Hint 2: dy_i/dx_j = [i = j] - p_j, where p = softmax(x) = exp(y).
// Hint 3: dx = dy - p sum(dy), the sum over the row. It is not p (dy - sum(p dy)): that is softmax's.
#pragma once

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n04c {

using ag::Tensor;

// y (R,C) of x (R,C), finite wherever x is.
inline Tensor log_softmax(const Tensor& x) { throw NotImplemented("log-softmax"); }

// The gradient with respect to x from y = log_softmax(x) and dy, all (R,C).
inline Tensor log_softmax_backward(const Tensor& y, const Tensor& dy) {
  throw NotImplemented("gradient with respect to x");
}

}  // namespace exercise::n04c
