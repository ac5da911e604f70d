#include "tests/autograd/large_op_cases.h"

#include "autograd/ops.h"
#include "nn/init.h"

namespace testing {
namespace {

using ag::Mask;
using ag::Offsets;
using ag::Shape;
using ag::Tensor;

Tensor random_ids(int64_t n, uint32_t below) {
  Tensor ids = Tensor::empty({n}, ag::DType::I32);
  for (int64_t i = 0; i < n; ++i)
    ids.ints()[i] = static_cast<int32_t>(ag::random_below({3, 0, 0}, static_cast<uint64_t>(i), below));
  return ids;
}

std::vector<LargeOpCase> with_the_same_bits() {
  const Shape wide{301, 257};
  return {
      {"add", {wide, wide}, [](auto& in) { return add(in[0], in[1]); }},
      {"sub", {wide, wide}, [](auto& in) { return sub(in[0], in[1]); }},
      {"mul", {wide, wide}, [](auto& in) { return mul(in[0], in[1]); }},
      {"scale", {wide}, [](auto& in) { return scale(in[0], 0.3); }},
      {"add_row", {wide, {257}}, [](auto& in) { return add_row(in[0], in[1]); }},
// Of squares, because log needs positive arguments.
#define UNARY(Name, op, formula, slope) {#op, {wide}, [](auto& in) { return op(mul(in[0], in[0])); }},
#include "autograd/ops/unary.inc"
#undef UNARY
      {"swiglu", {wide, wide}, [](auto& in) { return swiglu(in[0], in[1]); }},
      {"dropout",
       {wide},
       [](auto& in) {
         return dropout(in[0], 0.2, {1, 2, 3});
       }},
      {"sum", {wide}, [](auto& in) { return sum(in[0]); }},
      {"mean", {wide}, [](auto& in) { return mean(in[0]); }},
      {"sum_rows", {wide}, [](auto& in) { return sum_rows(in[0]); }},
      {"sum_columns", {wide}, [](auto& in) { return sum_columns(in[0]); }},
      {"concat",
       {wide, wide},
       [](auto& in) {
         return ag::concat({in[0], in[1]}, 1);
       }},
      {"slice", {wide}, [](auto& in) { return slice(in[0], 1, 3, 250); }},
      {"softmax", {wide}, [](auto& in) { return softmax(in[0]); }},
      {"rms_norm", {wide, {257}}, [](auto& in) { return rms_norm(in[0], in[1], 1e-5); }},
      {"layer_norm", {wide, {257}, {257}}, [](auto& in) { return layer_norm(in[0], in[1], in[2], 1e-5); }},
      {"cross_entropy", {wide}, [](auto& in) { return cross_entropy(in[0], random_ids(301, 257)); }},
      {"bce_with_logits",
       {wide},
       [](auto& in) {
         return bce_with_logits(in[0], Tensor::full({301, 257}, 1, in[0].device()));
       }},
      {"mse", {wide, wide}, [](auto& in) { return mse(in[0], in[1]); }},
      {"embedding", {{501, 67}}, [](auto& in) { return embedding(in[0], random_ids(3001, 501)); }},
      {"candidate_scores",
       {{300, 64}, {501, 64}},
       [](auto& in) {
         return candidate_scores(in[0], in[1], random_ids(3000, 501).view({300, 10}));
       }},
      {"attention",
       {{310, 4, 32}, {310, 2, 32}, {310, 2, 32}},
       [](auto& in) {
         const Offsets offsets({200, 50, 0, 60});
         return attention(in[0], in[1], in[2], offsets, offsets, Mask::Causal);
       }},
      {"rotary",
       {{1001, 4, 16}},
       [](auto& in) {
         return rotary(in[0], ag::rotation(random_ids(1001, 500),
                                           {1, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01, 0.001}, in[0].device()));
       }},
  };
}

// The time steps of gru are such products; so is attention with a single head.
std::vector<LargeOpCase> products() {
  return {
      {"matmul", {{301, 130}, {130, 257}}, [](auto& in) { return matmul(in[0], in[1]); }},
      {"matmul_both_transposed",
       {{1300, 301}, {257, 1300}},
       [](auto& in) { return matmul(in[0], in[1], true, true); }},
      {"matmul_skinny", {{2000, 8}, {8, 600}}, [](auto& in) { return matmul(in[0], in[1]); }},
      {"linear", {{1000, 576}, {192, 576}, {192}}, [](auto& in) { return linear(in[0], in[1], in[2]); }},
      {"lora_linear",
       {{1000, 576}, {192, 576}, {8, 576}, {192, 8}},
       [](auto& in) { return lora_linear(in[0], in[1], {}, in[0], in[2], in[3], 2); }},
      {"linear_cross_entropy",
       {{300, 64}, {5000, 64}},
       [](auto& in) { return linear_cross_entropy(in[0], in[1], random_ids(300, 5000)); }},
      {"gru",
       {{600, 64}, {384, 64}, {384, 128}, {384}, {384}},
       [](auto& in) {
         std::vector<int32_t> lengths(100, 4);
         lengths.insert(lengths.end(), {50, 50, 100});
         // Small weights, because otherwise the gradients of a hundred steps grow until they are noise.
         return gru(in[0], scale(in[1], 0.1), scale(in[2], 0.1), in[3], in[4], Offsets(lengths));
       }},
      {"attention_one_head",
       {{700, 1, 64}, {700, 1, 64}, {700, 1, 64}},
       [](auto& in) {
         const Offsets offsets({700});
         return attention(in[0], in[1], in[2], offsets, offsets, Mask::None);
       }},
  };
}

}  // namespace

const std::vector<LargeOpCase>& large_op_cases() {
  static const std::vector<LargeOpCase> cases = [] {
    std::vector<LargeOpCase> all = with_the_same_bits();
    for (LargeOpCase& c : products()) {
      c.bits = ThreadBits::MayDiffer;
      all.push_back(c);
    }
    return all;
  }();
  return cases;
}

Tensor random_tensor(const Shape& shape, uint32_t stream) {
  const Tensor x = Tensor::empty(shape);
  nn::normal_(x, 1, {2, 0, stream});
  return x;
}

LargeInputs inputs_of(const LargeOpCase& c) {
  LargeInputs inputs;
  for (size_t i = 0; i < c.shapes.size(); ++i)
    inputs.leaves.push_back(random_tensor(c.shapes[i], static_cast<uint32_t>(i)).set_requires_grad());
  const ag::NoGrad no_grad;
  inputs.projection = random_tensor(c.op(inputs.leaves).shape(), 99);
  return inputs;
}

}  // namespace testing
