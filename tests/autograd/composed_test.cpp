// Compares each fused op with the same computation from plain ops: results and gradients.
#include "autograd/ops.h"
#include "nn/init.h"
#include "tests/autograd/op_runs.h"
#include "tests/autograd/threads.h"

using ag::Mask;
using ag::Offsets;
using ag::Tensor;
namespace tolerance = testing::tolerance;

namespace {

// (R) -> (R,C): every element of a row is the number of this row.
Tensor spread(const Tensor& column, int64_t C) {
  return matmul(reshape(column, {column.numel(), 1}), Tensor::full({1, C}, 1));
}

Tensor plus(const Tensor& x, double number) { return add(x, Tensor::full(x.shape(), ag::real(number))); }

// x^exponent for x > 0.
Tensor power(const Tensor& x, double exponent) { return exp(scale(log(x), exponent)); }

// (N,V): a one at each row's index, else zeros; a row with index -1 is zero.
Tensor one_hot(const std::vector<int32_t>& indices, int64_t V) {
  Tensor y = Tensor::zeros({static_cast<int64_t>(indices.size()), V});
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] >= 0) y.data()[static_cast<int64_t>(i) * V + indices[i]] = 1;
  }
  return y;
}

Tensor normalised(const Tensor& x, double eps) {  // x / rms(x)
  const int64_t C = x.dim(1);
  return mul(x, spread(power(plus(scale(sum_columns(mul(x, x)), 1.0 / double(C)), eps), -0.5), C));
}

Tensor times_row(const Tensor& x, const Tensor& row) {
  return mul(x, matmul(Tensor::full({x.dim(0), 1}, 1), reshape(row, {1, row.numel()})));
}

Tensor mean_cross_entropy(const Tensor& logits, const std::vector<int32_t>& targets) {
  const Tensor chosen = one_hot(targets, logits.dim(1));
  const Tensor counted = sum_columns(chosen);
  const Tensor at_target = sum(mul(chosen, logits)), all = sum(mul(counted, log(sum_columns(exp(logits)))));
  return scale(sub(all, at_target), 1 / double(sum(chosen).item()));
}

Tensor halves_rotated(const Tensor& x, const std::vector<double>& angles_of_tokens, double theta) {
  const int64_t N = x.dim(0), H = x.dim(1), half = x.dim(2) / 2;
  Tensor c = Tensor::empty({N, H, half}), s = Tensor::empty({N, H, half});
  for (int64_t i = 0; i < c.numel(); ++i) {
    const double frequency = std::pow(theta, -double(i % half) / double(half));
    const double angle = angles_of_tokens[static_cast<size_t>(i / (H * half))] * frequency;
    c.data()[i] = static_cast<ag::real>(std::cos(angle));
    s.data()[i] = static_cast<ag::real>(std::sin(angle));
  }
  const Tensor a = slice(x, -1, 0, half), b = slice(x, -1, half, 2 * half);
  return ag::concat({sub(mul(a, c), mul(b, s)), add(mul(b, c), mul(a, s))}, -1);
}

testing::Op composed_attention(const Offsets& q, const Offsets& k, Mask mask) {
  return [=](auto& in) { return attention_composed(in[0], in[1], in[2], q, k, mask); };
}
testing::Op composed_attention(const std::vector<int32_t>& lengths, Mask mask) {
  return composed_attention(Offsets(lengths), Offsets(lengths), mask);
}

testing::Op composed_gru(const std::vector<int32_t>& lengths) {
  return [=](auto& in) {
    const bool biases = in.size() == 5;
    return gru_composed(in[0], in[1], in[2], biases ? in[3] : Tensor(), biases ? in[4] : Tensor(),
                        Offsets(lengths));
  };
}

// A case of op_cases.cpp and its computation with other ops.
struct Composed {
  std::string name;
  testing::Op op;
};

std::vector<Composed> composed_forms() {
  return {
      {"sub", [](auto& in) { return add(in[0], scale(in[1], -1)); }},
      {"sigmoid", [](auto& in) { return power(plus(exp(scale(in[0], -1)), 1), -1); }},
      {"tanh", [](auto& in) { return plus(scale(sigmoid(scale(in[0], 2)), 2), -1); }},
      {"silu", [](auto& in) { return mul(in[0], sigmoid(in[0])); }},
      {"swiglu", [](auto& in) { return mul(silu(in[0]), in[1]); }},
      {"sum",
       [](auto& in) {
         return reshape(sum_columns(reshape(in[0], {1, in[0].numel()})), {});
       }},
      {"mean", [](auto& in) { return scale(sum(in[0]), 1 / double(in[0].numel())); }},
      {"sum_rows",
       [](auto& in) {
         return reshape(matmul(Tensor::full({1, 5}, 1), in[0]), {3});
       }},
      {"sum_columns",
       [](auto& in) {
         return reshape(matmul(in[0], Tensor::full({3, 1}, 1)), {5});
       }},
      {"slice",
       [](auto& in) {
         return matmul(one_hot({1, 2, 3}, 5), in[0]);
       }},
      {"concat",
       [](auto& in) {
         return add(matmul(one_hot({0, 1, -1, -1, -1, -1}, 2), in[0]),
                    matmul(one_hot({-1, -1, 0, 1, 2, 3}, 4), in[1]));
       }},
      {"linear", [](auto& in) { return add_row(matmul(in[0], in[1], false, true), in[2]); }},
      {"lora_linear",
       [](auto& in) { return lora_linear_composed(in[0], in[1], in[2], in[3], in[4], in[5], 2); }},
      {"lora_linear_large",
       [](auto& in) {
         const Tensor x = scale(in[0], 1024);
         return lora_linear_composed(x, in[1], {}, x, in[2], in[3], 2);
       }},
      {"softmax",
       [](auto& in) {
         const Tensor e = exp(in[0]);
         return mul(e, spread(power(sum_columns(e), -1), 5));
       }},
      {"rms_norm_wide", [](auto& in) { return times_row(normalised(in[0], 1e-5), in[1]); }},
      {"layer_norm_wide",
       [](auto& in) {
         const Tensor centred = sub(in[0], spread(scale(sum_columns(in[0]), 1.0 / 67), 67));
         return add_row(times_row(normalised(centred, 1e-5), in[1]), in[2]);
       }},
      {"cross_entropy",
       [](auto& in) {
         return mean_cross_entropy(in[0], {4, 0, 2, 2});
       }},
      {"cross_entropy_ignored",
       [](auto& in) {
         return mean_cross_entropy(in[0], {-1, 3, -1, 0});
       }},
      {"linear_cross_entropy_ignored",
       [](auto& in) {
         return cross_entropy(matmul(in[0], in[1], false, true), Tensor::from_ints({-1, 0, -1, 3, -1}));
       }},
      {"bce_with_logits",
       [](auto& in) {
         const Tensor labels = Tensor::from({2, 3}, {0, 1, 0.25, 1, 0, 0.5});
         return mean(sub(log(plus(exp(in[0]), 1)), mul(in[0], labels)));
       }},
      {"mse", [](auto& in) { return scale(sum(mul(sub(in[0], in[1]), sub(in[0], in[1]))), 1.0 / 15); }},
      {"embedding",
       [](auto& in) {
         return matmul(one_hot({4, 0, 4, 4, 2, 0}, 5), in[0]);
       }},
      {"candidate_scores",
       [](auto& in) {
         const Tensor repeated = embedding(in[0], Tensor::from_ints({0, 0, 1, 1, 2, 2}));
         return reshape(sum_columns(mul(repeated, embedding(in[1], Tensor::from_ints({4, 0, 2, 2, 4, 1})))),
                        {3, 2});
       }},
      {"gru", composed_gru({2, 4, 1})},
      {"gru_no_bias", composed_gru({1, 3, 2})},
      {"gru_one_row", composed_gru({1})},
      {"gru_empty_sequence", composed_gru({0, 3, 0, 2})},
      {"attention", composed_attention({3, 4}, Mask::None)},
      {"attention_causal", composed_attention({3, 4}, Mask::Causal)},
      {"attention_one_token", composed_attention({1}, Mask::Causal)},
      {"attention_grouped", composed_attention({2, 3}, Mask::Causal)},
      {"attention_one_key_head", composed_attention({4, 1}, Mask::None)},
      {"attention_empty_sequence", composed_attention({0, 3, 0, 2}, Mask::Causal)},
      {"attention_fewer_queries", composed_attention(Offsets({1, 3}), Offsets({5, 4}), Mask::Causal)},
      {"attention_no_queries", composed_attention(Offsets({0, 2}), Offsets({3, 2}), Mask::Causal)},
      {"attention_across", composed_attention(Offsets({4, 1}), Offsets({1, 4}), Mask::None)},
      {"attention_many_tiles", composed_attention({67, 4}, Mask::Causal)},
      {"rotary",
       [](auto& in) {
         return halves_rotated(in[0], {0, 1, 2, 7}, 10000);
       }},
  };
}

void check_same(const testing::Run& fused, const testing::Run& composed, const std::string& name) {
  testing::check_close(fused.y, composed.y, tolerance::kFused, name + ".y");
  for (size_t i = 0; i < fused.dx.size(); ++i) {
    const std::string gradient = testing::numbered(name + ".dx", i);
    INFO(gradient);
    REQUIRE(composed.dx[i].defined());
    testing::check_close(fused.dx[i], composed.dx[i], tolerance::kFused, gradient);
  }
}

Tensor random_leaf(const ag::Shape& shape, uint32_t stream) {
  Tensor x = Tensor::empty(shape);
  nn::normal_(x, 1, {1, 0, stream});
  return x.set_requires_grad();
}

}  // namespace

TEST_CASE("fused ops agree with their composed forms") {
  for (const Composed& c : composed_forms()) {
    const testing::OpCase& fused = testing::op_case(c.name);
    check_same(testing::run(fused),
               testing::run(c.op, testing::inputs_of(fused, true), testing::projection_of(fused)), c.name);
  }
}

TEST_CASE("linear_cross_entropy agrees with its composed form over several blocks of rows") {
  // A block holds 2^20 logits: here 256 of the 600 rows.
  constexpr int64_t N = 600, C = 2, V = 4096;
  std::vector<int32_t> indices(N);
  for (int32_t i = 0; i < N; ++i) indices[static_cast<size_t>(i)] = i % 7 == 0 ? -1 : i * 31 % V;
  const Tensor targets = Tensor::from_ints(indices);
  const auto inputs = [] { return std::vector<Tensor>{random_leaf({N, C}, 1), random_leaf({V, C}, 2)}; };
  const Tensor one = Tensor::full({}, 1);
  const testing::Run fused =
      testing::run([&](auto& in) { return linear_cross_entropy(in[0], in[1], targets); }, inputs(), one);
  const testing::Run composed = testing::run(
      [&](auto& in) { return cross_entropy(matmul(in[0], in[1], false, true), targets); }, inputs(), one);
  check_same(fused, composed, "linear_cross_entropy");
}

TEST_CASE("attention agrees with its composed form on long packed sequences") {
  const std::vector<int32_t> queries{33, 1, 0, 64, 20}, keys{40, 70, 3, 64, 20};  // 118 and 197
  for (Mask mask : {Mask::None, Mask::Causal}) {
    const auto inputs = [] {
      return std::vector<Tensor>{random_leaf({118, 6, 16}, 1), random_leaf({197, 2, 16}, 2),
                                 random_leaf({197, 2, 16}, 3)};
    };
    const Tensor r = random_leaf({118, 6, 16}, 4).detach();
    const Offsets q(queries), k(keys);
    const testing::Run fused =
        testing::run([&](auto& in) { return attention(in[0], in[1], in[2], q, k, mask); }, inputs(), r);
    check_same(fused, testing::run(composed_attention(q, k, mask), inputs(), r), "attention");
  }
}

TEST_CASE("attention with dropout agrees with its composed form, for one thread and two") {
  const std::vector<int32_t> queries{33, 1, 0, 64, 20}, keys{40, 70, 3, 64, 20};  // 118 and 197
  const Offsets q(queries), k(keys);
  const ag::RandomKey key{7, 3, 1};
  std::vector<int32_t> numbers(118);
  for (size_t i = 0; i < 118; ++i) numbers[i] = static_cast<int32_t>(1000 + 3 * i);
  const Tensor rows = Tensor::from_ints(numbers);
  const auto inputs = [] {
    return std::vector<Tensor>{random_leaf({118, 6, 16}, 1), random_leaf({197, 2, 16}, 2),
                               random_leaf({197, 2, 16}, 3)};
  };
  const Tensor r = random_leaf({118, 6, 16}, 4).detach();
  for (const double p : {0.2, 0.5}) {
    const auto fused = [&](int threads) {
      const testing::ThreadCount guard(threads);
      return testing::run(
          [&](auto& in) { return attention(in[0], in[1], in[2], q, k, Mask::Causal, p, key, rows); },
          inputs(), r);
    };
    const testing::Run composed = testing::run(
        [&](auto& in) { return attention_composed(in[0], in[1], in[2], q, k, Mask::Causal, p, key, rows); },
        inputs(), r);
    const testing::Run one = fused(1), two = fused(2);
    check_same(one, composed, "attention with dropout");
    CHECK(testing::same_bits(one.y, two.y));
    for (size_t i = 0; i < 3; ++i) CHECK(testing::same_bits(one.dx[i], two.dx[i]));
  }
}

TEST_CASE("gru agrees with its composed form on many sequences of many lengths") {
  const std::vector<int32_t> lengths{7, 1, 0, 12, 3, 3, 12, 5};  // 43
  const auto inputs = [] {
    return std::vector<Tensor>{random_leaf({43, 16}, 1), random_leaf({60, 16}, 2), random_leaf({60, 20}, 3),
                               random_leaf({60}, 4), random_leaf({60}, 5)};
  };
  const Tensor r = random_leaf({43, 20}, 6).detach();
  const testing::Run fused = testing::run(
      [&](auto& in) { return gru(in[0], in[1], in[2], in[3], in[4], Offsets(lengths)); }, inputs(), r);
  check_same(fused, testing::run(composed_gru(lengths), inputs(), r), "gru");
}
