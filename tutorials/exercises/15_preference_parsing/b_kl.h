// 15b Replace the squared error by the KL divergence, and compare.
//
// A preference g_u is a distribution: its K shares are positive or zero and sum to 1. A linear head knows
// nothing of this. Instead take a softmax of its outputs z_u, and the divergence of the prediction from g_u:
//
//   q_uk = exp(z_uk) / sum_k' exp(z_uk')
//   loss = 1/B sum_u sum_k g_uk log(g_uk / q_uk)          0 log 0 = 0
//
// Write the loss and its gradient dz by hand. Then train two linear heads z = h W^T from W = 0 on the same
// states h, one by each loss, by plain gradient descent, and return what each predicts on the states it was
// trained on. Before you run it: which of the two can predict a negative share?
//
// Hint 1: g log(g / q) = g log g - g log q, and log q_uk = z_uk - log sum_k' exp(z_uk'). Subtract the largest
// z first.
// Hint 2: The shares of g sum to 1, so dz is as short as that of the cross-entropy in 11: (q - g) / B.
// Hint 3: A step is W = W - lr dW with dW = dz^T h. For the squared error dz = 2 (z - g) / (B K).
#pragma once

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n15b {

using ag::Tensor;

// z, g (B,K). The loss, a number.
inline double kl(const Tensor& z, const Tensor& g) { throw NotImplemented("the KL divergence"); }

// Its gradient with respect to z (B,K).
inline Tensor kl_gradient(const Tensor& z, const Tensor& g) { throw NotImplemented("dz"); }

struct Predicted {
  Tensor by_squares, by_kl;  // (B,K)
};
// Trains both heads on states h (B,C) for `steps` steps with learning rate `lr`.
inline Predicted compare(const Tensor& h, const Tensor& g, int64_t steps, double lr) {
  throw NotImplemented("two heads");
}

}  // namespace exercise::n15b
