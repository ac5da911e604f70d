#include "15_preference_parsing/b_kl.h"

#include <algorithm>
#include <cmath>

using ag::Tensor;
using namespace exercise::n15b;

namespace {

// Preferences with many zeros, as those of real users are, and states from which they follow roughly.
struct Users {
  Tensor h, g;
};
Users users() {
  const int64_t B = 40, K = 4, C = 6;
  Tensor g = ag::softmax(ag::scale(exercise::normal("taste", {B, K}), 4));
  for (int64_t u = 0; u < B; ++u) {
    double sum = 0;
    for (int64_t k = 0; k < K; ++k) {
      double& share = g.data()[u * K + k];
      if (share < 0.1) share = 0;
      sum += share;
    }
    for (int64_t k = 0; k < K; ++k) g.data()[u * K + k] /= sum;
  }
  const Tensor h = ag::matmul(g, exercise::normal("mixing", {K, C}));
  return {ag::add(h, ag::scale(exercise::normal("noise", {B, C}), 0.3)), g};
}

}  // namespace

EXERCISE("15b", 4, "Replace the squared error by the KL divergence, and compare") {
  grade.part("the loss", [&] {
    const Tensor g = Tensor::from({2, 2}, {1, 0, 0.5, 0.5}), z = Tensor::from({2, 2}, {0, 0, 1, 1});
    const double got = kl(z, g);
    if (!grade.close("the loss of (1,0) and (1/2,1/2), both predicted as (1/2,1/2)", got, std::log(2) / 2)) {
      grade.check(!std::isnan(got), "0 log 0 is 0 here, but NaN for a computer");
      grade.check(!(got < 0), "a divergence is never negative: it is g log(g / q), not q log(q / g)");
      grade.check(!exercise::is_close(got, std::log(2)),
                  "it is the sum over users instead of the mean, or without g log g");
      grade.check(!exercise::is_close(got, std::log(2) / 4), "groups are added, only users are averaged");
    }
    grade.close("the loss of a perfect prediction",
                kl(Tensor::from({1, 2}, {std::log(0.2), std::log(0.8)}), Tensor::from({1, 2}, {0.2, 0.8})),
                0);
    grade.check(std::isfinite(kl(Tensor::from({1, 2}, {1000, 998}), Tensor::from({1, 2}, {0.5, 0.5}))),
                "exp(1000) is infinite: subtract the largest z first");
  });
  grade.part("its gradient", [&] {
    const Tensor g = ag::softmax(exercise::normal("g", {3, 4}));
    Tensor z = exercise::normal("z", {3, 4});
    const Tensor got = kl_gradient(z, g);
    const Tensor expected =
        exercise::slopes([&] { return Tensor::from({1}, {kl(z, g)}); }, z, Tensor::full({1}, 1));
    if (!grade.close("dz", got, expected, 1e-6)) {
      grade.check(!exercise::is_close(got, ag::scale(expected, 3), 1e-6), "the factor 1/B is missing");
      grade.check(!exercise::is_close(got, ag::scale(expected, -1), 1e-6), "the sign is wrong");
      grade.check(!exercise::is_close(got, ag::scale(expected, 0.25), 1e-6),
                  "the factor is 1/B, not 1/(B K)");
    }
  });
  grade.part("one step of the two heads", [&] {
    const auto [h, g] = users();
    const auto B = static_cast<double>(g.dim(0)), K = static_cast<double>(g.dim(1));
    const auto [by_squares, by_kl] = compare(h, g, 1, 0.2);
    const auto after = [&h](const Tensor& dz) {  // h W^T with W = -0.2 dz^T h
      return ag::scale(ag::linear(h, ag::matmul(dz, h, true)), -0.2);
    };
    const Tensor squares = after(ag::scale(g, -2 / (B * K)));
    if (!grade.close("the squared error's head", by_squares, squares)) {
      grade.check(!exercise::is_close(by_squares, ag::scale(squares, 0.5)),
                  "the derivative of (z - g)^2 is 2 (z - g)");
      grade.check(!exercise::is_close(by_squares, ag::scale(squares, -1)), "it walks up: W = W - lr dW");
      grade.check(!exercise::is_close(by_squares, ag::scale(squares, K)),
                  "its mean is over B K numbers, not over B users");
    }
    const Tensor z = after(ag::scale(ag::sub(Tensor::full(g.shape(), 1 / K), g), 1 / B)), q = ag::softmax(z);
    if (!grade.close("the softmax head", by_kl, q))
      grade.check(!exercise::is_close(by_kl, z), "these are z; the prediction is their softmax");
  });
  grade.part("the comparison", [&] {
    const auto [h, g] = users();
    const auto [by_squares, by_kl] = compare(h, g, 3000, 0.2);
    const Tensor sums = ag::sum_columns(by_kl);
    grade.close("the list of the sums of the softmax head's shares", sums, Tensor::full({h.dim(0)}, 1));
    const auto smallest = [](const Tensor& x) { return std::ranges::min(x.values()); };
    grade.check(smallest(by_kl) > 0, "a share of the softmax head is not positive");
    grade.check(smallest(by_squares) < 0,
                "the linear head should predict negative shares for some users here; look at its training");
    // At the minimum the gradient dW is zero.
    const Tensor dW = ag::matmul(ag::sub(by_squares, g), h, true);
    grade.check(ag::mean(ag::mul(dW, dW)).item() < 1e-4, "the linear head is not at the minimum of its loss");
    const auto divergence = [&](const Tensor& q) { return kl(ag::log(q), g); };
    grade.check(divergence(by_kl) < 0.5 * kl(Tensor::zeros(g.shape()), g),
                "the softmax head should halve the divergence of equal shares");
  });
}
