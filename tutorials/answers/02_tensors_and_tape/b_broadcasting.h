// Answer to 02b.
//
// Repeating is a copy from one element to many; the gradient of a copy is the sum of what comes back.
// `stride` is the distance in the result between neighbours of a dimension, and 0 for a dimension that is
// repeated.
#pragma once

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n02b {

using ag::Shape, ag::Tensor;

inline Tensor sum_to(const Tensor& dy, const Shape& shape) {
  const Tensor sum = Tensor::zeros(shape);
  const int64_t missing = dy.rank() - sum.rank();
  for (int64_t i = 0; i < dy.numel(); ++i) {
    int64_t rest = i, target = 0, stride = 1;
    for (int64_t d = dy.rank() - 1; d >= missing; --d) {
      const int64_t size = sum.dim(d - missing);
      target += rest % size * stride;
      stride *= size;
      rest /= dy.dim(d);
    }
    sum.data()[target] += dy.data()[i];
  }
  return sum;
}

inline Tensor mul_db(const Tensor& x, const Tensor& b, const Tensor& dy) {
  return sum_to(ag::mul(dy, x), b.shape());
}

}  // namespace exercise::n02b
