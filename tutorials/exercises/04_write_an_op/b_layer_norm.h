// 04b The backward of layer norm.
//
//   y_c = w_c n_c + b_c,   n_c = (x_c - mean) s,   s = 1 / sqrt(var + eps)       for each row of x (R,C)
//
// var is the mean of (x_c - mean)^2 over the row. Now x is in n three times: in front, in the mean, and in
// the variance. Derive dx, dw and db. Two properties help to find a mistake: adding a constant to x changes
// nothing, so each row of dx sums to 0; and with eps = 0 neither does scaling x.
//
// Hint 1: dw and db are sums over rows; db is that of dy.
// Hint 2: With g = dy w: through x in front g s, through the mean - s mean(g), through the variance - s n
// mean(g n).
// Hint 3: The mean is in the variance too, but d var / d mean = 0: the mean is where the variance is
// smallest.
#pragma once

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n04b {

using ag::Tensor;

struct Grads {
  Tensor dx;      // (R,C)
  Tensor dw, db;  // (C)
};

// All three gradients. x, dy (R,C), w (C).
inline Grads layer_norm_backward(const Tensor& x, const Tensor& w, double eps, const Tensor& dy) {
  throw NotImplemented("gradients with respect to x, w and b");
}

}  // namespace exercise::n04b
