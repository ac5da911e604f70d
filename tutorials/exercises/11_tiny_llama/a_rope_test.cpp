#include "11_tiny_llama/a_rope.h"

#include "autograd/ops.h"
#include "models/llama/llama.h"

namespace n11a = exercise::n11a;

namespace {

using ag::Tensor;

constexpr int64_t kD = 6;
constexpr double kTheta = 10000;

// The library's rotation.
Tensor library(const Tensor& x, const Tensor& positions) {
  models::LlamaConfig config;
  config.head_dim = kD;
  config.rope_theta = kTheta;
  return ag::rotary(x, ag::rotation(positions, models::inverse_frequencies(config)));
}

// Numbers 0 1 2 3 4 5 of each head as 0 3 1 4 2 5, or back.
Tensor interleaved(const Tensor& x, bool back) {
  const Tensor y = ag::empty_like(x);
  for (int64_t e = 0; e < x.numel(); ++e) {
    const int64_t d = e % kD, half = e - d + d / 2 + d % 2 * (kD / 2);
    back ? y.data()[half] = x.data()[e] : y.data()[e] = x.data()[half];
  }
  return y;
}

}  // namespace

EXERCISE("11a", 4, "Rotary positions") {
  const Tensor x = exercise::normal("x", {4, 2, kD}), positions = Tensor::from_ints({0, 1, 5, 100});
  grade.part("the angles", [&] {
    const std::vector<double> got = n11a::angles(3, kD, kTheta);
    std::vector<double> expected, slow, fast;
    for (int64_t i = 0; i < kD / 2; ++i) {
      expected.push_back(3 / std::pow(kTheta, double(i) / 3));
      slow.push_back(3 / std::pow(kTheta, double(i) / 6));
      fast.push_back(3 * std::pow(kTheta, double(i) / 3));
    }
    if (grade.close("the angles at position 3", got, expected) || got.size() != 3) return;
    const auto is = [&](const std::vector<double>& other) {
      return exercise::is_close(Tensor::from({3}, got), Tensor::from({3}, other));
    };
    grade.check(!is(slow), "theta^(-i/D); expected theta^(-2i/D)");
    grade.check(!is(fast), "theta^(2i/D); expected theta^(-2i/D): later pairs turn more slowly");
  });
  grade.part("the rotation", [&] {
    const Tensor got = n11a::rotated(x, positions, kTheta);
    grade.close("y at position 0", got.rows(0, 1), x.rows(0, 1));
    if (grade.close("y", got, library(x, positions)) || got.shape() != x.shape()) return;
    const Tensor neighbours = interleaved(library(interleaved(x, true), positions), false);
    grade.check(!exercise::is_close(got, neighbours),
                "the pairs are neighbours (x_2i, x_2i+1); expected the halves (x_i, x_i+D/2), as in Llama");
    const Tensor opposite = library(x, Tensor::from_ints({0, -1, -5, -100}));
    grade.check(!exercise::is_close(got, opposite), "turned the other way: the sign of the sine");
  });
  grade.part("only the distance counts", [&] {
    const Tensor q = exercise::normal("q", {1, 1, kD}), k = exercise::normal("k", {1, 1, kD});
    const auto product = [&](int32_t at, int32_t from) {
      return double(ag::sum(ag::mul(n11a::rotated(q, Tensor::from_ints({at}), kTheta),
                                    n11a::rotated(k, Tensor::from_ints({from}), kTheta)))
                        .item());
    };
    const double here = product(3, 1);
    grade.close("q . k at the positions 103 and 101, as at 3 and 1", product(103, 101), here);
    grade.check(std::abs(product(1, 3) - here) > 1e-3,
                "q . k is the same at 3 and 1 and at 1 and 3: no order");
  });
  grade.part("the backward", [&] {
    const Tensor dy = exercise::normal("dy", x.shape());
    Tensor leaf = x.clone().set_requires_grad();
    ag::backward(library(leaf, positions), dy);
    const Tensor got = n11a::rotated_backward(dy, positions, kTheta);
    if (!grade.close("dx", got, leaf.grad()))
      grade.check(!exercise::is_close(got, library(dy, positions)),
                  "dy is turned like x; expected by the opposite angle: the transposed rotation");
  });
}
