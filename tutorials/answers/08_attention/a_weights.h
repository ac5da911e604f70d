// Answer to 08a.
//
// The product of two vectors with D independent entries of variance 1 has variance D, hence 1 / sqrt(D). A
// mask acts on scores, before the softmax: exp(-inf) = 0, and the weights that stay still sum to 1. Masked
// after the softmax they would not. The largest score is subtracted since exp(1000) is infinite; it cancels.
#pragma once

#include <algorithm>
#include <cmath>

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n08a {

using ag::real, ag::Tensor;

// q, k (T,D) -> (T,T): row i has the scores of query i for all keys.
inline Tensor scores(const Tensor& q, const Tensor& k) {
  const int64_t T = q.dim(0), D = q.dim(1);
  Tensor s = Tensor::zeros({T, T});
  for (int64_t i = 0; i < T; ++i) {
    for (int64_t j = 0; j < T; ++j) {
      for (int64_t d = 0; d < D; ++d) s.data()[i * T + j] += q.data()[i * D + d] * k.data()[j * D + d];
      s.data()[i * T + j] /= std::sqrt(real(D));
    }
  }
  return s;
}

// s (T,T) -> (T,T): the same with -infinity where a query must not look.
inline Tensor causal(const Tensor& s) {
  const int64_t T = s.dim(0);
  Tensor masked = s.clone();
  for (int64_t i = 0; i < T; ++i) std::fill_n(masked.data() + i * T + i + 1, T - i - 1, real(-INFINITY));
  return masked;
}

// s (T,T) -> (T,T): the softmax of each row. Every row has a finite score.
inline Tensor softmax_rows(const Tensor& s) {
  const int64_t T = s.dim(0);
  Tensor p = ag::empty_like(s);
  for (int64_t i = 0; i < T; ++i) {
    const real *from = s.data() + i * T, top = *std::max_element(from, from + T);
    real sum = 0;
    for (int64_t j = 0; j < T; ++j) sum += p.data()[i * T + j] = std::exp(from[j] - top);
    for (int64_t j = 0; j < T; ++j) p.data()[i * T + j] /= sum;
  }
  return p;
}

}  // namespace exercise::n08a
