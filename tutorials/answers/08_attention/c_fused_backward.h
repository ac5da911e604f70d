// Answer to 08c.
//
// The softmax's backward needs sum_j p_ij dp_ij, a sum over all keys. With dp_ij = dy_i . v_j it is
// dy_i . sum_j p_ij v_j = dy_i . y_i: known before the first key is read. So one pass over the pairs is
// enough, and every p_ij can be forgotten as soon as it is used.
#pragma once

#include <cmath>

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n08c {

using ag::real, ag::Tensor;

// sum over d of a[d] b[d].
inline real dot(const real* a, const real* b, int64_t D) {
  real sum = 0;
  for (int64_t d = 0; d < D; ++d) sum += a[d] * b[d];
  return sum;
}

// p_ij, from row q_i, row k_j and L_i.
inline real weight(const real* q, const real* k, real logsumexp, int64_t D) {
  return std::exp(dot(q, k, D) / std::sqrt(real(D)) - logsumexp);
}

// sum_j p_ij dp_ij of one query, from row dy_i and row y_i.
inline real mean_of_dp(const real* dy, const real* y, int64_t D) { return dot(dy, y, D); }

struct Gradients {
  Tensor dq, dk, dv;  // (T,D)
};

// q, k, v, y, dy (T,D); logsumexp (T).
inline Gradients backward(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& y,
                          const Tensor& logsumexp, const Tensor& dy) {
  const int64_t T = q.dim(0), D = q.dim(1);
  const real f = 1 / std::sqrt(real(D));
  Gradients g{Tensor::zeros({T, D}), Tensor::zeros({T, D}), Tensor::zeros({T, D})};
  const auto row = [D](const Tensor& x, int64_t i) { return x.data() + i * D; };
  for (int64_t i = 0; i < T; ++i) {
    const real mean = mean_of_dp(row(dy, i), row(y, i), D);
    for (int64_t j = 0; j <= i; ++j) {
      const real p = weight(row(q, i), row(k, j), logsumexp.data()[i], D);
      const real ds = p * (dot(row(dy, i), row(v, j), D) - mean);
      for (int64_t d = 0; d < D; ++d) {
        row(g.dv, j)[d] += p * row(dy, i)[d];
        row(g.dq, i)[d] += f * ds * row(k, j)[d];
        row(g.dk, j)[d] += f * ds * row(q, i)[d];
      }
    }
  }
  return g;
}

}  // namespace exercise::n08c
