// Every case of op_cases.cpp: gradient check, comparison with PyTorch, and the rules for all ops.
// op_coverage_test.cpp checks that every op has a case; composed_test.cpp compares fused with composed forms,
// threads_test.cpp numbers of threads.
#include "autograd/ops.h"

#include "tests/autograd/declared_ops.h"
#include "tests/autograd/op_runs.h"
#include "tests/parity.h"

using ag::Error;
using ag::real;
using ag::Tensor;
using testing::op_cases;
using testing::OpCase;
namespace tolerance = testing::tolerance;

TEST_CASE("results and gradients agree with PyTorch") {
  for (const OpCase& c : op_cases()) {
    CHECK_MESSAGE(testing::in_fixture(c), c.name, testing::kNoFixture);
    if (!testing::in_fixture(c)) continue;
    const testing::Parity parity(testing::op_of(c.name), testing::op_fixture());
    const testing::Run found = testing::run(c);
    parity.check("result", found.y, testing::shaped_for(found.y, testing::op_fixture().at(c.name + ".y")),
                 tolerance::kOpForward, c.name + ".y");
    for (size_t i = 0; i < found.dx.size(); ++i) {
      const std::string name = testing::numbered(c.name + ".dx", i);
      INFO(name);
      REQUIRE(found.dx[i].defined());
      parity.check("gradients", found.dx[i], testing::op_fixture().at(name), tolerance::kOpGradient, name);
    }
  }
}

#ifdef P2REC_F64
namespace {

constexpr double kStep = 1e-5;  // of central differences

// The gradient with respect to element j of input i. It is of fourth order in the step, because a function
// may be strongly curved within a step if a case scales its input. Differences are taken before the sum, so
// that large elements do not hide small ones.
double central_difference(const OpCase& c, std::vector<Tensor>& inputs, const Tensor& r, size_t i,
                          int64_t j) {
  double& x = inputs[i].data()[j];
  const double here = x;
  const auto result_at = [&](double place) {
    x = place;
    return c.op(inputs).clone();  // reshape shares its input's memory
  };
  const Tensor above = result_at(here + kStep), below = result_at(here - kStep),
               far_above = result_at(here + 2 * kStep), far_below = result_at(here - 2 * kStep);
  x = here;
  double sum = 0;
  for (int64_t k = 0; k < r.numel(); ++k)
    sum +=
        (8 * (above.data()[k] - below.data()[k]) - (far_above.data()[k] - far_below.data()[k])) * r.data()[k];
  return sum / (12 * kStep);
}

void check_gradients(const OpCase& c, const nn::TensorFile& fixture) {
  const Tensor r = testing::projection_of(c, fixture);
  const std::vector<Tensor> gradients = testing::run(c.op, testing::inputs_of(c, true, fixture), r).dx;
  auto inputs = testing::inputs_of(c, false, fixture);
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (int64_t j = 0; j < inputs[i].numel(); ++j) {
      INFO(c.name, ", input ", i, ", element ", j);
      if (c.name.starts_with("relu"))
        REQUIRE(std::abs(inputs[i].data()[j]) > 100 * kStep);  // not near relu's kink
      const double expected = central_difference(c, inputs, r, i, j);
      CHECK(std::abs(gradients[i].data()[j] - expected) <= 1e-7 + 1e-6 * std::abs(expected));
    }
  }
}

}  // namespace

TEST_CASE("gradients agree with central differences") {
  for (const OpCase& c : op_cases()) check_gradients(c, testing::op_fixture());
}

TEST_CASE("central differences need no fixture: without one, a case draws its inputs from its name") {
  const nn::TensorFile nothing;
  for (const OpCase& c : op_cases()) check_gradients(c, nothing);
}
#endif

TEST_CASE("a case counts as in the fixture only in its current form") {
  OpCase c = testing::op_case("matmul");
  CHECK(testing::in_fixture(c));
  c.shapes[0] = {5, 3};
  CHECK_FALSE(testing::in_fixture(c));
  CHECK(testing::inputs_of(c, false)[0].shape() == ag::Shape{5, 3});
  CHECK(testing::projection_of(c).shape() == ag::Shape{5, 4});
  c = testing::op_case("matmul");
  c.pytorch = "x0 @ x1 * 1";
  CHECK_FALSE(testing::in_fixture(c));
  c = testing::op_case("softmax");
  c.name = "softmax_new";
  CHECK_FALSE(testing::in_fixture(c));
  CHECK_FALSE(testing::same_bits(testing::inputs_of(c, false)[0],
                                 testing::inputs_of(testing::op_case("softmax"), false)[0]));
  c.name = "log_new_positive";
  for (const real x : testing::inputs_of(c, false)[0].values()) CHECK(x >= real(0.5));
}

TEST_CASE("if no gradient is needed, the result is the same and nothing is recorded") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(c.name);
    auto inputs = testing::inputs_of(c, true), frozen = testing::inputs_of(c, false);
    const Tensor y = c.op(inputs), without = c.op(frozen);
    CHECK(testing::same_bits(without, y));
    CHECK_FALSE(without.requires_grad());
    const ag::NoGrad no_grad;
    const Tensor under_no_grad = c.op(inputs);
    CHECK(testing::same_bits(under_no_grad, y));
    CHECK_FALSE(under_no_grad.requires_grad());
  }
}

TEST_CASE("only inputs that require grad get a gradient, and it does not depend on the others") {
  for (const OpCase& c : op_cases()) {
    const testing::Run all = testing::run(c);
    for (size_t i = 0; i < c.shapes.size(); ++i) {
      INFO(c.name, ", input ", i);
      auto inputs = testing::inputs_of(c, false);
      inputs[i].set_requires_grad();
      const testing::Run one = testing::run(c.op, inputs, testing::projection_of(c));
      for (size_t other = 0; other < c.shapes.size(); ++other) CHECK(one.dx[other].defined() == (other == i));
      CHECK(testing::same_bits(one.dx[i], all.dx[i]));
    }
  }
}

TEST_CASE("an op changes neither its inputs nor the gradient of its result") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(c.name);
    auto inputs = testing::inputs_of(c, true);
    const Tensor seed = testing::projection_of(c).clone();
    testing::run(c.op, inputs, seed);
    CHECK(testing::same_bits(seed, testing::projection_of(c)));
    const auto before = testing::inputs_of(c, false);
    for (size_t i = 0; i < inputs.size(); ++i) CHECK(testing::same_bits(inputs[i], before[i]));
  }
}

TEST_CASE("no op keeps its graph alive") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(c.name);
    testing::projection_of(c);  // the first call reads the fixture and keeps it
    const int64_t before = ag::memory_stats().in_use;
    {
      auto inputs = testing::inputs_of(c, true);
      const Tensor never_run = c.op(inputs);
    }
    CHECK(ag::memory_stats().in_use == before);
    { testing::run(c); }
    CHECK(ag::memory_stats().in_use == before);
  }
}

TEST_CASE("huge logits neither overflow nor lose the answer") {
  const Tensor logits = Tensor::from({2, 3}, {1000, 0, -1000, 20000, 20000, -20000});
  CHECK(softmax(logits).values() == std::vector<real>{1, 0, 0, 0.5, 0.5, 0});
  const real loss = cross_entropy(logits, Tensor::from_ints({2, 1})).item();
  CHECK(loss == doctest::Approx((2000 + std::log(2.0)) / 2).epsilon(1e-6));
  const Tensor labels = Tensor::from({2, 3}, {0, 0, 0, 1, 1, 1});
  CHECK(bce_with_logits(logits, labels).item() ==
        doctest::Approx((1000 + std::log(2.0) + 20000) / 6).epsilon(1e-6));
  CHECK(sigmoid(logits).values() == std::vector<real>{1, 0.5, 0, 1, 1, 0});
  CHECK(exp(Tensor::from({3}, {-INFINITY, -20000, 20000})).values() == std::vector<real>{0, 0, INFINITY});
  CHECK(std::isnan(exp(Tensor::full({1}, NAN)).item()));
}

TEST_CASE("a logit of minus infinity has probability zero") {
  Tensor logits = Tensor::from({1, 3}, {0, -INFINITY, 0});
  logits.set_requires_grad();
  CHECK(softmax(logits).values() == std::vector<real>{0.5, 0, 0.5});
  backward(cross_entropy(logits, Tensor::from_ints({2})));
  CHECK(logits.grad().values() == std::vector<real>{0.5, 0, -0.5});
}

TEST_CASE("exp keeps its relative accuracy over its whole range") {
  const double lowest = tolerance::kF64 ? -700 : -86.9, highest = tolerance::kF64 ? 700 : 87.9;
  double worst = 0;
  constexpr int kSteps = 100'000;
  Tensor x = Tensor::empty({kSteps + 1});
  for (int i = 0; i <= kSteps; ++i) x.data()[i] = static_cast<real>(lowest + (highest - lowest) * i / kSteps);
  const Tensor y = exp(x);
  for (int i = 0; i <= kSteps; ++i) {
    const double expected = std::exp(double(x.data()[i]));
    worst = std::max(worst, std::abs(double(y.data()[i]) - expected) / expected);
  }
  CHECK(worst < 2 * std::numeric_limits<real>::epsilon());
}

TEST_CASE("tensors without elements pass through") {
  Tensor none = Tensor::zeros({0, 3}), weight = Tensor::full({2, 3}, 1), bias = Tensor::full({2}, 1);
  none.set_requires_grad();
  weight.set_requires_grad();
  bias.set_requires_grad();
  const Tensor y = softmax(linear(silu(none), weight, bias));
  CHECK(y.shape() == ag::Shape{0, 2});
  backward(sum(y));
  CHECK(none.grad().shape() == ag::Shape{0, 3});
  CHECK(weight.grad().values() == std::vector<real>(6, 0));
  CHECK(bias.grad().values() == std::vector<real>(2, 0));

  Tensor a = Tensor::full({2, 0}, 1);
  CHECK(matmul(a, Tensor::full({0, 2}, 1)).values() == std::vector<real>(4, 0));
  CHECK(ag::concat({a, bias.view({2, 1})}, 1).shape() == ag::Shape{2, 1});
  CHECK(slice(weight, 1, 2, 2).shape() == ag::Shape{2, 0});
  CHECK(sum_rows(none).values() == std::vector<real>(3, 0));
  CHECK(sum(none).item() == 0);
}

TEST_CASE("offsets describe packed sequences") {
  const ag::Offsets offsets({3, 0, 2});
  CHECK(offsets.sequences() == 3);
  CHECK(offsets.rows() == 5);
  CHECK(offsets.at(1) == 3);
  CHECK(offsets.length(1) == 0);
  CHECK(offsets.longest() == 3);
  CHECK_THROWS_AS(offsets.last_rows(), Error);
  const Tensor last = ag::Offsets({3, 2}).last_rows();
  CHECK(std::vector<int32_t>(last.ints(), last.ints() + 2) == std::vector<int32_t>{2, 4});
  CHECK(ag::Offsets().rows() == 0);
  CHECK_THROWS_AS(ag::Offsets({3, -1}), Error);
}

TEST_CASE("wrong shapes and indices are errors that name the op") {
  using ag::Mask;
  using ag::Offsets;
  const Tensor x = Tensor::full({2, 3}, 1), y = Tensor::full({3, 2}, 1), row = Tensor::full({2}, 1);
  const Tensor ids = Tensor::from_ints({0, 1}), q = Tensor::full({4, 3, 2}, 1),
               kv = Tensor::full({4, 2, 2}, 1);
  const auto names = [](const std::string& op, const auto& f) {
    CHECK_THROWS_WITH_AS(f(), doctest::Contains(op.c_str()), Error);
  };
  names("add", [&] { add(x, y); });
  names("sub", [&] { sub(x, y); });
  names("mul", [&] { mul(x, row); });
  names("add_row", [&] { add_row(x, row); });
  names("swiglu", [&] { swiglu(x, y); });
  names("sum_rows", [&] { sum_rows(row); });
  names("sum_columns", [&] { sum_columns(q); });
  names("mean", [&] { mean(Tensor::zeros({0})); });
  names("reshape", [&] { reshape(x, {5}); });
  names("concat", [&] { ag::concat({x, y}, 0); });
  names("concat", [&] { ag::concat({x, row}, 0); });
  names("concat", [&] { ag::concat({}, 0); });
  names("concat", [&] { ag::concat({x}, 2); });
  names("slice", [&] { slice(x, 0, 1, 3); });
  names("slice", [&] { slice(x, 1, -1, 2); });
  names("slice", [&] { slice(x, -3, 0, 1); });
  names("matmul", [&] { matmul(x, x); });
  names("matmul", [&] { matmul(x, y, true); });
  names("matmul", [&] { matmul(x, row); });
  names("linear", [&] { linear(x, y); });
  names("linear", [&] { linear(x, x, Tensor::full({3}, 1)); });
  names("linear", [&] { linear(Tensor::zeros({2, 0}), Tensor::zeros({3, 0})); });
  names("rms_norm", [&] { rms_norm(x, row, 1e-5); });
  names("layer_norm", [&] { layer_norm(x, row, Tensor::full({3}, 1), 1e-5); });
  names("cross_entropy", [&] { cross_entropy(x, Tensor::from_ints({0, 3})); });
  names("cross_entropy", [&] { cross_entropy(x, Tensor::from_ints({0, -2})); });
  names("cross_entropy", [&] { cross_entropy(x, Tensor::from_ints({-1, -1})); });
  names("cross_entropy", [&] { cross_entropy(x, Tensor::from_ints({0, 1, 2})); });
  names("linear_cross_entropy", [&] { linear_cross_entropy(x, y, ids); });
  names("linear_cross_entropy", [&] { linear_cross_entropy(x, x, Tensor::from_ints({0, 2})); });
  names("bce_with_logits", [&] { bce_with_logits(x, y); });
  names("bce_with_logits", [&] { bce_with_logits(x, x.clone().set_requires_grad()); });
  names("mse", [&] { mse(x, y); });
  names("embedding", [&] { embedding(x, Tensor::from_ints({0, 2})); });
  names("embedding", [&] { embedding(x, Tensor::from_ints({-1})); });
  names("attention", [&] { attention(q, kv, kv, Offsets({4}), Offsets({4}), Mask::None); });  // 3 heads on 2
  names("attention",
        [&] { attention(kv, kv, kv, Offsets({3}), Offsets({4}), Mask::None); });  // a row too few
  names("attention", [&] {
    attention(kv, kv, kv, Offsets({4}), Offsets({2, 2}), Mask::None);
  });  // 1 and 2 sequences
  names("attention", [&] {
    attention(kv, kv, kv, Offsets({3, 1}), Offsets({2, 2}), Mask::Causal);
  });  // too few keys
  names("attention", [&] {
    attention(kv, kv, kv, Offsets({3, 1}), Offsets({4, 0}), Mask::None);
  });  // no key at all
  names("candidate_scores", [&] { candidate_scores(x, y, Tensor::from_ints({2, 1}, {0, 0})); });
  names("candidate_scores", [&] {
    candidate_scores(x, x, Tensor::from_ints({1, 2}, {0, 0}));
  });  // a row too few
  names("candidate_scores", [&] { candidate_scores(x, x, Tensor::from_ints({2, 1}, {0, 2})); });
  names("candidate_scores", [&] { candidate_scores(x, x, Tensor::from_ints({2, 1}, {-1, 0})); });
  names("attention", [&] { attention(kv, kv, kv, Offsets({4}), Offsets({4}), Mask::None, 1.0); });
  const Tensor w_ih = Tensor::full({6, 3}, 1), w_hh = Tensor::full({6, 2}, 1), gates = Tensor::full({6}, 1);
  names("gru", [&] { gru(x, w_ih, w_hh, gates, gates, Offsets({3})); });  // a row too many
  names("gru", [&] { gru(y, w_ih, w_hh, gates, gates, Offsets({3})); });
  names("gru", [&] { gru(x, w_ih, w_ih, gates, gates, Offsets({2})); });
  names("gru", [&] { gru(x, w_ih, w_hh, gates, {}, Offsets({2})); });  // only one bias
  names("gru", [&] { gru(x, w_ih, w_hh, row, row, Offsets({2})); });
  names("gru_composed", [&] { gru_composed(x, w_ih, w_ih, gates, gates, Offsets({2})); });
  names("rotary", [&] { rotary(q, ag::rotation(ids, {1})); });
  names("rotary", [&] { rotary(Tensor::zeros({2, 1, 3}), ag::rotation(ids, {1})); });
}
