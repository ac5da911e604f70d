// Answer to 11b.
//
// Neighbouring query heads share a key head: 0 0 0 1 1 1, not 0 1 0 1 0 1. A number that is used three times
// gets the sum of three gradients. The cache holds keys and values, so it has KV heads, not H.
#pragma once

#include <algorithm>

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n11b {

using ag::Tensor;

// The key head that query head h uses. KV divides H.
inline int64_t key_head(int64_t h, int64_t H, int64_t KV) { return h / (H / KV); }

// x (N,KV,D) -> (N,H,D): head h is head key_head(h) of x.
inline Tensor repeated(const Tensor& x, int64_t H) {
  const int64_t N = x.dim(0), KV = x.dim(1), D = x.dim(2);
  Tensor y = Tensor::empty({N, H, D});
  for (int64_t row = 0; row < N * H; ++row) {
    const int64_t from = row / H * KV + key_head(row % H, H, KV);
    std::copy_n(x.data() + from * D, D, y.data() + row * D);
  }
  return y;
}

// The gradient (N,KV,D) with respect to x, from dy (N,H,D), that with respect to repeated(x, H).
inline Tensor repeated_backward(const Tensor& dy, int64_t KV) {
  const int64_t N = dy.dim(0), H = dy.dim(1), D = dy.dim(2);
  Tensor dx = Tensor::zeros({N, KV, D});
  for (int64_t row = 0; row < N * H; ++row) {
    const int64_t to = row / H * KV + key_head(row % H, H, KV);
    for (int64_t d = 0; d < D; ++d) dx.data()[to * D + d] += dy.data()[row * D + d];
  }
  return dx;
}

// How many numbers a cache of keys and values holds.
inline int64_t cache_numbers(int64_t layers, int64_t tokens, int64_t KV, int64_t D) {
  return 2 * layers * tokens * KV * D;
}

}  // namespace exercise::n11b
