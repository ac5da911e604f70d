// 08c The backward pass of fused attention, from the log-sum-exp.
//
//   forward   s_ij = f q_i . k_j,  f = 1 / sqrt(D),  L_i = log sum_j exp(s_ij),  p_ij = exp(s_ij - L_i),
//             y_i = sum_j p_ij v_j;  j runs over the keys that query i sees: j <= i
//   backward  dv_j = sum_i p_ij dy_i,   dp_ij = dy_i . v_j,   ds_ij = p_ij (dp_ij - sum_j' p_ij' dp_ij'),
//             dq_i = f sum_j ds_ij k_j,  dk_j = f sum_i ds_ij q_i
//
// The forward pass has kept q, k, v, y and L, but not p. Compute the gradients without any table of T^2
// numbers. The sum over j' seems to need a pass of its own over the keys; find out why it is a product of two
// vectors that are known. The test compares with the library's gradients and measures the memory.
//
// Hint 1: Put dp_ij' = dy_i . v_j' into the sum, and take dy_i out of it.
// Hint 2: The sum is dy_i . y_i.
// Hint 3: Two loops, over i and over j <= i; in the inner one p_ij, ds_ij and three rows.
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
  throw NotImplemented("p_ij from L_i");
}

// sum_j p_ij dp_ij of one query, from row dy_i and row y_i.
inline real mean_of_dp(const real* dy, const real* y, int64_t D) {
  throw NotImplemented("the sum over all keys, from dy_i and y_i");
}

struct Gradients {
  Tensor dq, dk, dv;  // (T,D)
};

// q, k, v, y, dy (T,D); logsumexp (T).
inline Gradients backward(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& y,
                          const Tensor& logsumexp, const Tensor& dy) {
  throw NotImplemented("dq, dk and dv");
}

}  // namespace exercise::n08c
