// Answer to 04c.
//
// dx_j = sum_i dy_i ([i = j] - p_j) = dy_j - p_j sum_i dy_i. For cross-entropy dy is -1 at the target and 0
// elsewhere, and dx = p - [j = target]: the prediction minus the truth.
#pragma once

#include <algorithm>
#include <cmath>

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n04c {

using ag::Tensor;

inline Tensor log_softmax(const Tensor& x) {
  const int64_t R = x.dim(0), C = x.dim(1);
  const Tensor y = ag::empty_like(x);
  for (int64_t r = 0; r < R; ++r) {
    const ag::real* row = x.data() + r * C;
    const double most = *std::max_element(row, row + C);
    double sum = 0;
    for (int64_t c = 0; c < C; ++c) sum += std::exp(row[c] - most);
    for (int64_t c = 0; c < C; ++c) y.data()[r * C + c] = row[c] - most - std::log(sum);
  }
  return y;
}

inline Tensor log_softmax_backward(const Tensor& y, const Tensor& dy) {
  const int64_t R = y.dim(0), C = y.dim(1);
  const Tensor dx = ag::empty_like(y);
  for (int64_t r = 0; r < R; ++r) {
    double sum = 0;
    for (int64_t c = 0; c < C; ++c) sum += dy.data()[r * C + c];
    for (int64_t c = 0; c < C; ++c)
      dx.data()[r * C + c] = dy.data()[r * C + c] - std::exp(y.data()[r * C + c]) * sum;
  }
  return dx;
}

}  // namespace exercise::n04c
