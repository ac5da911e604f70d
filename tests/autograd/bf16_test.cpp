// Weights in BF16: rounding, and products compared with those of the widened weights.
#include <cmath>
#include <utility>

#include "autograd/gemm.h"
#include "autograd/ops.h"
#include "nn/init.h"
#include "tests/testing.h"

using ag::real;
using ag::Tensor;
using testing::check_close;
namespace tolerance = testing::tolerance;

namespace {

Tensor random(const ag::Shape& shape, uint32_t stream) {
  Tensor x = Tensor::empty(shape);
  nn::normal_(x, 1, {1, 0, stream});
  return x.to(testing::device());
}

Tensor rounded(const Tensor& x) {
  Tensor y = x.clone();
  y.round_to_bf16();
  return y;
}

// True if the fast products can be compared with the simple ones.
bool has_both() {
  const bool both = ag::has_bf16_products(testing::device());
  if (!both) testing::skip("this processor or build has no bf16 products");
  return both;
}

class WithoutProducts {
 public:
  WithoutProducts() { ag::set_bf16_products(false); }
  ~WithoutProducts() { ag::set_bf16_products(true); }
};

struct Gradients {
  Tensor y, dx, dA, dB;
};

// A layer with an adapter, applied twice to one x, so that the second gradient of x is added to the first.
Gradients run_layer(const Tensor& x0, const Tensor& weight) {
  Tensor x = x0.clone(), A = random({8, x0.dim(1)}, 3), B = random({weight.dim(0), 8}, 4);
  for (Tensor* leaf : {&x, &A, &B}) leaf->set_requires_grad();
  const Tensor h = ag::scale(x, 1);  // not a leaf: its gradients are added in place
  const Tensor y = ag::add(ag::lora_linear(h, weight, {}, h, A, B, 2), ag::linear(h, weight));
  ag::backward(y, rounded(random(y.shape(), 5)).widened());
  return {y.detach(), x.grad(), A.grad(), B.grad()};
}

void check_layer(const Gradients& found, const Gradients& expected, testing::Tolerance allowed) {
  check_close(found.y, expected.y, allowed, "y");
  check_close(found.dx, expected.dx, allowed, "dx");
  check_close(found.dA, expected.dA, allowed, "dA");
  check_close(found.dB, expected.dB, allowed, "dB");
}

}  // namespace

TEST_CASE("bf16 rounds to the nearest of 8 significant bits, ties to even") {
  const std::vector<std::pair<double, double>> cases = {
      {1, 1},
      {1 + 1.0 / 256, 1},
      {1 + 3.0 / 256, 1 + 4.0 / 256},
      {1 + 1.1 / 256, 1 + 2.0 / 256},
      {-1.0 / 3, -0.333984375},
      {0, 0},
      {-1e30, -1.0002556e30},
  };
  for (const auto& [given, expected] : cases) {
    const auto& shown = given;
    CAPTURE(shown);
    CHECK(double(rounded(Tensor::from({1}, {given})).widened().item()) ==
          doctest::Approx(expected).epsilon(1e-6));
  }
  CHECK(std::isinf(rounded(Tensor::from({1}, {INFINITY})).widened().item()));
  CHECK(std::isnan(rounded(Tensor::from({1}, {NAN})).widened().item()));
}

TEST_CASE("a BF16 tensor takes half the memory of a float and has no gradient") {
  Tensor x = rounded(random({4, 6}, 1));
  CHECK(ag::size_of(x.dtype()) == 2);
  CHECK_THROWS_WITH_AS(x.set_requires_grad(), doctest::Contains("a tensor of bf16 has no gradient"),
                       ag::Error);
  CHECK_THROWS_WITH_AS(x.data(), doctest::Contains("expected a tensor of reals, found bf16"), ag::Error);
}

TEST_CASE("without bf16 products, a layer in BF16 is exactly that of the widened weight") {
  const Tensor x = random({37, 45}, 1), weight = rounded(random({51, 45}, 2));
  const auto compare = [&] {
    check_layer(run_layer(x, weight), run_layer(x, weight.widened()), tolerance::kExactMaths);
  };
  if (!ag::has_bf16_products(testing::device())) return compare();
  const WithoutProducts simple;
  compare();
}

TEST_CASE("bf16 products of numbers that BF16 holds are those of the widened weight") {
  if (!has_both()) return;
  const Tensor x = rounded(random({70, 96}, 1)).widened(), weight = rounded(random({130, 96}, 2));
  check_layer(run_layer(x, weight), run_layer(x, weight.widened()), tolerance::kFused);
}

TEST_CASE("bf16 products of other numbers have the error of rounding them") {
  if (!has_both()) return;
  const Tensor x = random({70, 96}, 1), weight = random({130, 96}, 2);
  const Gradients found = run_layer(x, rounded(weight)), expected = run_layer(x, weight);
  check_layer(found, expected, tolerance::kBf16Product);
  CHECK(testing::share_of_tolerance(found.y, expected.y, tolerance::kFused) > 1);  // it did round
}

TEST_CASE("rows of a BF16 table are widened") {
  const Tensor table = rounded(random({9, 5}, 1)), ids = Tensor::from_ints({8, 0, 8});
  check_close(ag::embedding(table, ids), ag::embedding(table.widened(), ids), tolerance::kExactMaths, "rows");
}
