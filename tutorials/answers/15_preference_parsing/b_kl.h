// Answer to 15b.
//
// d/dz_k of -sum_j g_j log q_j is -sum_j g_j (1 if j = k, minus q_k) = q_k sum_j g_j - g_k = q_k - g_k, since
// the shares sum to 1. The first term, g log g, has no z in it: the KL divergence has the gradient of the
// cross-entropy, and only its zero is elsewhere.
//
// The linear head predicts negative shares where a group is rare. The softmax never does, but it also never
// reaches 0, and most preferences have many zeros. Which one gives the better item embeddings is another
// question: neither loss is what a recommender is judged by.
#pragma once

#include <cmath>

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n15b {

using ag::Tensor;

inline double kl(const Tensor& z, const Tensor& g) {
  const Tensor q = ag::softmax(z);  // it subtracts the largest z
  double sum = 0;
  for (int64_t i = 0; i < g.numel(); ++i) {
    const double share = g.data()[i];
    if (share > 0) sum += share * std::log(share / q.data()[i]);
  }
  return sum / static_cast<double>(g.dim(0));
}

inline Tensor kl_gradient(const Tensor& z, const Tensor& g) {
  return ag::scale(ag::sub(ag::softmax(z), g), 1 / static_cast<double>(g.dim(0)));
}

struct Predicted {
  Tensor by_squares, by_kl;
};
inline Predicted compare(const Tensor& h, const Tensor& g, int64_t steps, double lr) {
  const auto descend = [&](const auto& gradient) {
    Tensor W = Tensor::zeros({g.dim(1), h.dim(1)});
    for (int64_t i = 0; i < steps; ++i) {
      const Tensor dz = gradient(ag::linear(h, W));
      W = ag::sub(W, ag::scale(ag::matmul(dz, h, true), lr));
    }
    return ag::linear(h, W);
  };
  const auto squares = [&](const Tensor& z) {
    return ag::scale(ag::sub(z, g), 2 / static_cast<double>(g.numel()));
  };
  return {descend(squares), ag::softmax(descend([&](const Tensor& z) { return kl_gradient(z, g); }))};
}

}  // namespace exercise::n15b
