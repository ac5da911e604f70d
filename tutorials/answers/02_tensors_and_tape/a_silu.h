// Answer to 02a.
//
// The product rule: dy/dx = s + x s (1 - s) = s (1 + x (1 - s)) with s = sigmoid(x).
#pragma once

#include <cmath>

#include "autograd/tape.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n02a {

using ag::Tensor;

inline Tensor silu_backward(const Tensor& x, const Tensor& dy) {
  const Tensor dx = ag::empty_like(x);
  for (int64_t i = 0; i < x.numel(); ++i) {
    const ag::real s = 1 / (1 + std::exp(-x.data()[i]));
    dx.data()[i] = dy.data()[i] * s * (1 + x.data()[i] * (1 - s));
  }
  return dx;
}

inline Tensor silu(const Tensor& x) {
  const Tensor y = ag::empty_like(x);
  for (int64_t i = 0; i < x.numel(); ++i) y.data()[i] = x.data()[i] / (1 + std::exp(-x.data()[i]));
  return ag::record("silu", y, {x}, [x = x.detach()](const Tensor& dy, const ag::Needs&) -> ag::Grads {
    return {silu_backward(x, dy)};
  });
}

}  // namespace exercise::n02a
