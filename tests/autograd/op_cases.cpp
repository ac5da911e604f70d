// The cases of op_cases.h. The first string of an entry is its name, the last one the PyTorch line.
#include "tests/autograd/op_cases.h"

#include <cmath>
#include <cstdint>

#include "autograd/ops.h"

namespace testing {
namespace {

using ag::concat;
using ag::Mask;
using ag::Offsets;
using ag::Tensor;

Tensor ints(const std::vector<int32_t>& values) { return Tensor::from_ints(values); }

// The numbers on the device of x.
Tensor on(const Tensor& x, const Tensor& numbers) { return numbers.to(x.device()); }

// Rotary angles with the usual frequencies theta^(-2i/D).
ag::Rotation angles(const std::vector<int32_t>& positions, int D, double theta, ag::Device device) {
  std::vector<double> frequencies;
  for (int i = 0; i < D / 2; ++i) frequencies.push_back(std::pow(theta, -2.0 * i / D));
  return ag::rotation(ints(positions), frequencies, device);
}

Tensor self_attention(const std::vector<Tensor>& qkv, const std::vector<int32_t>& lengths, Mask mask) {
  return attention(qkv[0], qkv[1], qkv[2], Offsets(lengths), Offsets(lengths), mask);
}

}  // namespace

const std::vector<OpCase>& op_cases() {
  // clang-format off
  static const std::vector<OpCase> cases = {
      // --- element by element. A power of two as factor makes inputs large without rounding.
      {"add", {{2, 3}, {2, 3}}, [](auto& in) { return add(in[0], in[1]); }, "x0 + x1"},
      {"add_rank_3", {{3, 5, 7}, {3, 5, 7}}, [](auto& in) { return add(in[0], in[1]); }, "x0 + x1"},
      {"add_itself", {{5}}, [](auto& in) { return add(in[0], in[0]); }, "x0 + x0"},
      {"add_large", {{3, 5}, {3, 5}}, [](auto& in) { return add(scale(in[0], 1024), in[1]); }, "1024 * x0 + x1"},
      {"sub", {{2, 3}, {2, 3}}, [](auto& in) { return sub(in[0], in[1]); }, "x0 - x1"},
      {"sub_one", {{1}, {1}}, [](auto& in) { return sub(in[0], in[1]); }, "x0 - x1"},
      {"sub_odd", {{3, 5}, {3, 5}}, [](auto& in) { return sub(in[0], in[1]); }, "x0 - x1"},
      {"sub_large", {{7}, {7}}, [](auto& in) { return sub(scale(in[0], 1024), in[1]); }, "1024 * x0 - x1"},
      {"mul", {{2, 3}, {2, 3}}, [](auto& in) { return mul(in[0], in[1]); }, "x0 * x1"},
      {"mul_itself", {{7}}, [](auto& in) { return mul(in[0], in[0]); }, "x0 * x0"},
      {"mul_large", {{7}, {7}}, [](auto& in) { return mul(scale(in[0], 1024), in[1]); }, "1024 * x0 * x1"},
      {"scale", {{2, 3}}, [](auto& in) { return scale(in[0], -2.5); }, "-2.5 * x0"},
      {"scale_zero", {{3}}, [](auto& in) { return scale(in[0], 0); }, "0 * x0"},
      {"scale_large", {{7}}, [](auto& in) { return scale(in[0], 1 << 20); }, "2**20 * x0"},
      {"add_row", {{2, 3, 4}, {4}}, [](auto& in) { return add_row(in[0], in[1]); }, "x0 + x1"},
      {"add_row_one_row", {{1, 7}, {7}}, [](auto& in) { return add_row(in[0], in[1]); }, "x0 + x1"},
      {"add_row_wide", {{3, 67}, {67}}, [](auto& in) { return add_row(in[0], in[1]); }, "x0 + x1"},
      {"add_row_large", {{3, 5}, {5}}, [](auto& in) { return add_row(scale(in[0], 1024), in[1]); }, "1024 * x0 + x1"},
      {"exp", {{3, 5}}, [](auto& in) { return exp(in[0]); }, "torch.exp(x0)"},
      {"exp_one_row", {{7}}, [](auto& in) { return exp(in[0]); }, "torch.exp(x0)"},
      {"exp_large", {{3, 5}}, [](auto& in) { return exp(scale(in[0], 16)); }, "torch.exp(16 * x0)"},
      {"log_positive", {{3, 5}}, [](auto& in) { return log(in[0]); }, "torch.log(x0)"},
      {"log_large_positive", {{7}}, [](auto& in) { return log(scale(in[0], 1 << 20)); }, "torch.log(2**20 * x0)"},
      {"tanh", {{3, 5}}, [](auto& in) { return tanh(in[0]); }, "torch.tanh(x0)"},
      {"tanh_one_row", {{7}}, [](auto& in) { return tanh(in[0]); }, "torch.tanh(x0)"},
      {"tanh_large", {{3, 5}}, [](auto& in) { return tanh(scale(in[0], 16)); }, "torch.tanh(16 * x0)"},
      {"sigmoid", {{3, 5}}, [](auto& in) { return sigmoid(in[0]); }, "torch.sigmoid(x0)"},
      {"sigmoid_one_row", {{1}}, [](auto& in) { return sigmoid(in[0]); }, "torch.sigmoid(x0)"},
      {"sigmoid_large", {{3, 5}}, [](auto& in) { return sigmoid(scale(in[0], 256)); }, "torch.sigmoid(256 * x0)"},
      {"relu", {{3, 5}}, [](auto& in) { return relu(in[0]); }, "F.relu(x0)"},
      {"relu_one_row", {{7}}, [](auto& in) { return relu(in[0]); }, "F.relu(x0)"},
      {"gelu", {{3, 5}}, [](auto& in) { return gelu(in[0]); }, "F.gelu(x0)"},
      {"gelu_one_row", {{1}}, [](auto& in) { return gelu(in[0]); }, "F.gelu(x0)"},
      {"gelu_large", {{3, 5}}, [](auto& in) { return gelu(scale(in[0], 16)); }, "F.gelu(16 * x0)"},
      {"silu", {{3, 5}}, [](auto& in) { return silu(in[0]); }, "F.silu(x0)"},
      {"silu_one_row", {{7}}, [](auto& in) { return silu(in[0]); }, "F.silu(x0)"},
      {"silu_large", {{3, 5}}, [](auto& in) { return silu(scale(in[0], 256)); }, "F.silu(256 * x0)"},
      {"softplus", {{7}}, [](auto& in) { return softplus(in[0]); }, "F.softplus(x0)"},
      {"softplus_large", {{3, 5}}, [](auto& in) { return softplus(scale(in[0], 256)); }, "F.softplus(256 * x0)"},
      {"swiglu", {{3, 5}, {3, 5}}, [](auto& in) { return swiglu(in[0], in[1]); }, "F.silu(x0) * x1"},
      {"swiglu_large", {{7}, {7}}, [](auto& in) { return swiglu(scale(in[0], 256), in[1]); }, "F.silu(256 * x0) * x1"},
      // The mask of this key comes from an implementation of Philox4x32-10 in Python.
      {"dropout", {{3, 5}}, [](auto& in) { return dropout(in[0], 0.5, {7, 3, 1}); },
       "x0 * x0.new_tensor([[0, 2, 0, 2, 2], [0, 0, 0, 2, 2], [2, 0, 2, 2, 0]])"},
      {"dropout_one_row", {{5}}, [](auto& in) { return dropout(in[0], 0.5, {7, 3, 1}); }, "x0 * x0.new_tensor([0, 2, 0, 2, 2])"},

      // --- reductions
      {"sum", {{3, 5, 2}}, [](auto& in) { return sum(in[0]); }, "x0.sum()"},
      {"sum_one", {{1}}, [](auto& in) { return sum(in[0]); }, "x0.sum()"},
      {"sum_large", {{3, 7}}, [](auto& in) { return sum(scale(in[0], 1024)); }, "(1024 * x0).sum()"},
      {"mean", {{3, 7}}, [](auto& in) { return mean(in[0]); }, "x0.mean()"},
      {"mean_one", {{1, 1}}, [](auto& in) { return mean(in[0]); }, "x0.mean()"},
      {"mean_large", {{3, 5}}, [](auto& in) { return mean(scale(in[0], 1024)); }, "(1024 * x0).mean()"},
      {"sum_rows", {{5, 3}}, [](auto& in) { return sum_rows(in[0]); }, "x0.sum(0)"},
      {"sum_rows_one_row", {{1, 7}}, [](auto& in) { return sum_rows(in[0]); }, "x0.sum(0)"},
      {"sum_rows_wide", {{3, 67}}, [](auto& in) { return sum_rows(in[0]); }, "x0.sum(0)"},
      {"sum_rows_large", {{5, 3}}, [](auto& in) { return sum_rows(scale(in[0], 1024)); }, "(1024 * x0).sum(0)"},
      {"sum_columns", {{5, 3}}, [](auto& in) { return sum_columns(in[0]); }, "x0.sum(1)"},
      {"sum_columns_one_row", {{1, 7}}, [](auto& in) { return sum_columns(in[0]); }, "x0.sum(1)"},
      {"sum_columns_one_column", {{7, 1}}, [](auto& in) { return sum_columns(in[0]); }, "x0.sum(1)"},
      {"sum_columns_large", {{5, 3}}, [](auto& in) { return sum_columns(scale(in[0], 1024)); }, "(1024 * x0).sum(1)"},

      // --- shape
      {"reshape", {{2, 6}}, [](auto& in) { return reshape(in[0], {3, 2, 2}); }, "x0.reshape(3, 2, 2)"},
      {"reshape_one_row", {{1, 9}}, [](auto& in) { return reshape(in[0], {3, 3}); }, "x0.reshape(3, 3)"},
      {"concat", {{2, 3}, {4, 3}}, [](auto& in) { return concat({in[0], in[1]}, 0); }, "torch.cat([x0, x1], 0)"},
      {"concat_middle", {{2, 3, 2}, {2, 1, 2}, {2, 2, 2}}, [](auto& in) { return concat({in[0], in[1], in[2]}, 1); },
       "torch.cat([x0, x1, x2], 1)"},
      {"concat_last", {{3, 2}, {3, 5}}, [](auto& in) { return concat({in[0], in[1]}, -1); }, "torch.cat([x0, x1], -1)"},
      {"concat_itself", {{2, 3}}, [](auto& in) { return concat({in[0], in[0]}, 1); }, "torch.cat([x0, x0], 1)"},
      {"concat_one", {{2, 3}}, [](auto& in) { return concat({in[0]}, 0); }, "x0 * 1"},
      {"concat_one_row", {{1, 3}, {1, 5}}, [](auto& in) { return concat({in[0], in[1]}, 1); }, "torch.cat([x0, x1], 1)"},
      {"slice", {{5, 3}}, [](auto& in) { return slice(in[0], 0, 1, 4); }, "x0[1:4]"},
      {"slice_middle", {{2, 5, 3}}, [](auto& in) { return slice(in[0], 1, 2, 4); }, "x0[:, 2:4]"},
      {"slice_last", {{2, 3, 5}}, [](auto& in) { return slice(in[0], -1, 4, 5); }, "x0[:, :, 4:5]"},
      {"slice_all", {{3, 2}}, [](auto& in) { return slice(in[0], 0, 0, 3); }, "x0[0:3]"},
      {"slice_one_row", {{1, 7}}, [](auto& in) { return slice(in[0], 1, 2, 5); }, "x0[:, 2:5]"},

      // --- matrices
      {"matmul", {{2, 3}, {3, 4}}, [](auto& in) { return matmul(in[0], in[1]); }, "x0 @ x1"},
      {"matmul_transposed_a", {{3, 2}, {3, 4}}, [](auto& in) { return matmul(in[0], in[1], true, false); }, "x0.T @ x1"},
      {"matmul_transposed_b", {{2, 3}, {4, 3}}, [](auto& in) { return matmul(in[0], in[1], false, true); }, "x0 @ x1.T"},
      {"matmul_both_transposed", {{3, 2}, {4, 3}}, [](auto& in) { return matmul(in[0], in[1], true, true); }, "x0.T @ x1.T"},
      {"matmul_odd", {{7, 13}, {13, 5}}, [](auto& in) { return matmul(in[0], in[1]); }, "x0 @ x1"},
      {"matmul_one_row", {{1, 9}, {9, 3}}, [](auto& in) { return matmul(in[0], in[1]); }, "x0 @ x1"},
      {"matmul_outer", {{5, 1}, {1, 3}}, [](auto& in) { return matmul(in[0], in[1]); }, "x0 @ x1"},
      {"matmul_itself", {{3, 3}}, [](auto& in) { return matmul(in[0], in[0], true, false); }, "x0.T @ x0"},
      {"matmul_large", {{3, 5}, {5, 3}}, [](auto& in) { return matmul(scale(in[0], 1024), in[1]); }, "1024 * x0 @ x1"},
      {"linear", {{5, 3}, {4, 3}, {4}}, [](auto& in) { return linear(in[0], in[1], in[2]); }, "F.linear(x0, x1, x2)"},
      {"linear_no_bias", {{5, 3}, {4, 3}}, [](auto& in) { return linear(in[0], in[1]); }, "F.linear(x0, x1)"},
      {"linear_rank_3", {{2, 3, 5}, {7, 5}, {7}}, [](auto& in) { return linear(in[0], in[1], in[2]); }, "F.linear(x0, x1, x2)"},
      {"linear_one_row", {{5}, {3, 5}, {3}}, [](auto& in) { return linear(in[0], in[1], in[2]); }, "F.linear(x0, x1, x2)"},
      {"linear_large", {{3, 5}, {3, 5}, {3}}, [](auto& in) { return linear(scale(in[0], 1024), in[1], in[2]); },
       "F.linear(1024 * x0, x1, x2)"},
      {"lora_linear", {{5, 3}, {7, 3}, {7}, {5, 3}, {1, 3}, {7, 1}},
       [](auto& in) { return lora_linear(in[0], in[1], in[2], in[3], in[4], in[5], 2); },
       "F.linear(x0, x1, x2) + 2 * F.linear(F.linear(x3, x4), x5)"},
      {"lora_linear_one_row", {{1, 3}, {4, 3}, {1, 3}, {2, 3}, {4, 2}},
       [](auto& in) { return lora_linear(in[0], in[1], {}, in[2], in[3], in[4], 0.5); },
       "F.linear(x0, x1) + 0.5 * F.linear(F.linear(x2, x3), x4)"},
      {"lora_linear_large", {{3, 5}, {3, 5}, {2, 5}, {3, 2}},
       [](auto& in) {
         const Tensor x = scale(in[0], 1024);
         return lora_linear(x, in[1], {}, x, in[2], in[3], 2);
       },
       "F.linear(1024 * x0, x1) + 2 * F.linear(F.linear(1024 * x0, x2), x3)"},
      {"lora_linear_composed", {{5, 3}, {7, 3}, {7}, {5, 3}, {1, 3}, {7, 1}},
       [](auto& in) { return lora_linear_composed(in[0], in[1], in[2], in[3], in[4], in[5], 2); },
       "F.linear(x0, x1, x2) + 2 * F.linear(F.linear(x3, x4), x5)"},
      {"lora_linear_composed_one_row", {{1, 3}, {4, 3}, {1, 3}, {2, 3}, {4, 2}},
       [](auto& in) { return lora_linear_composed(in[0], in[1], {}, in[2], in[3], in[4], 0.5); },
       "F.linear(x0, x1) + 0.5 * F.linear(F.linear(x2, x3), x4)"},
      {"lora_linear_composed_large", {{3, 5}, {3, 5}, {2, 5}, {3, 2}},
       [](auto& in) {
         const Tensor x = scale(in[0], 1024);
         return lora_linear_composed(x, in[1], {}, x, in[2], in[3], 2);
       },
       "F.linear(1024 * x0, x1) + 2 * F.linear(F.linear(1024 * x0, x2), x3)"},

      // --- normalisation
      {"softmax", {{3, 5}}, [](auto& in) { return softmax(in[0]); }, "F.softmax(x0, -1)"},
      {"softmax_rank_3", {{2, 3, 7}}, [](auto& in) { return softmax(in[0]); }, "F.softmax(x0, -1)"},
      {"softmax_one_row", {{9}}, [](auto& in) { return softmax(in[0]); }, "F.softmax(x0, -1)"},
      {"softmax_one_column", {{3, 1}}, [](auto& in) { return softmax(in[0]); }, "F.softmax(x0, -1)"},
      {"softmax_large", {{3, 5}}, [](auto& in) { return softmax(scale(in[0], 16)); }, "F.softmax(16 * x0, -1)"},
      {"rms_norm", {{2, 3, 8}, {8}}, [](auto& in) { return rms_norm(in[0], in[1], 1e-5); }, "F.rms_norm(x0, (8,), x1, 1e-5)"},
      {"rms_norm_one_row", {{7}, {7}}, [](auto& in) { return rms_norm(in[0], in[1], 1e-6); }, "F.rms_norm(x0, (7,), x1, 1e-6)"},
      {"rms_norm_one_column", {{3, 1}, {1}}, [](auto& in) { return rms_norm(in[0], in[1], 0.5); }, "F.rms_norm(x0, (1,), x1, 0.5)"},
      {"rms_norm_wide", {{3, 67}, {67}}, [](auto& in) { return rms_norm(in[0], in[1], 1e-5); }, "F.rms_norm(x0, (67,), x1, 1e-5)"},
      {"rms_norm_large_eps", {{3, 5}, {5}}, [](auto& in) { return rms_norm(in[0], in[1], 1); }, "F.rms_norm(x0, (5,), x1, 1)"},
      {"rms_norm_large", {{3, 5}, {5}}, [](auto& in) { return rms_norm(scale(in[0], 1024), in[1], 1e-5); },
       "F.rms_norm(1024 * x0, (5,), x1, 1e-5)"},
      {"layer_norm", {{2, 3, 8}, {8}, {8}}, [](auto& in) { return layer_norm(in[0], in[1], in[2], 1e-5); },
       "F.layer_norm(x0, (8,), x1, x2, 1e-5)"},
      {"layer_norm_one_row", {{7}, {7}, {7}}, [](auto& in) { return layer_norm(in[0], in[1], in[2], 1e-12); },
       "F.layer_norm(x0, (7,), x1, x2, 1e-12)"},
      {"layer_norm_wide", {{3, 67}, {67}, {67}}, [](auto& in) { return layer_norm(in[0], in[1], in[2], 1e-5); },
       "F.layer_norm(x0, (67,), x1, x2, 1e-5)"},
      {"layer_norm_large_eps", {{3, 5}, {5}, {5}}, [](auto& in) { return layer_norm(in[0], in[1], in[2], 1); },
       "F.layer_norm(x0, (5,), x1, x2, 1)"},
      {"layer_norm_large", {{3, 5}, {5}, {5}}, [](auto& in) { return layer_norm(scale(in[0], 1024), in[1], in[2], 1e-5); },
       "F.layer_norm(1024 * x0, (5,), x1, x2, 1e-5)"},

      // --- losses
      {"cross_entropy", {{4, 5}}, [](auto& in) { return cross_entropy(in[0], ints({4, 0, 2, 2})); },
       "F.cross_entropy(x0, torch.tensor([4, 0, 2, 2]))"},
      {"cross_entropy_ignored", {{4, 5}}, [](auto& in) { return cross_entropy(in[0], ints({-1, 3, -1, 0})); },
       "F.cross_entropy(x0, torch.tensor([-1, 3, -1, 0]), ignore_index=-1)"},
      {"cross_entropy_large", {{4, 5}}, [](auto& in) { return cross_entropy(scale(in[0], 16), ints({4, 0, 2, 2})); },
       "F.cross_entropy(16 * x0, torch.tensor([4, 0, 2, 2]))"},
      {"cross_entropy_one_row", {{1, 7}}, [](auto& in) { return cross_entropy(in[0], ints({6})); },
       "F.cross_entropy(x0, torch.tensor([6]))"},
      {"linear_cross_entropy", {{5, 3}, {7, 3}}, [](auto& in) { return linear_cross_entropy(in[0], in[1], ints({6, 0, 3, 3, 1})); },
       "F.cross_entropy(x0 @ x1.T, torch.tensor([6, 0, 3, 3, 1]))"},
      {"linear_cross_entropy_ignored", {{5, 3}, {7, 3}},
       [](auto& in) { return linear_cross_entropy(in[0], in[1], ints({-1, 0, -1, 3, -1})); },
       "F.cross_entropy(x0 @ x1.T, torch.tensor([-1, 0, -1, 3, -1]), ignore_index=-1)"},
      {"linear_cross_entropy_large", {{4, 3}, {5, 3}},
       [](auto& in) { return linear_cross_entropy(scale(in[0], 16), in[1], ints({4, 0, 2, 2})); },
       "F.cross_entropy(16 * x0 @ x1.T, torch.tensor([4, 0, 2, 2]))"},
      {"linear_cross_entropy_one_row", {{1, 5}, {9, 5}}, [](auto& in) { return linear_cross_entropy(in[0], in[1], ints({8})); },
       "F.cross_entropy(x0 @ x1.T, torch.tensor([8]))"},
      {"bce_with_logits", {{2, 3}}, [](auto& in) { return bce_with_logits(in[0], on(in[0], Tensor::from({2, 3}, {0, 1, 0.25, 1, 0, 0.5}))); },
       "F.binary_cross_entropy_with_logits(x0, x0.new_tensor([[0, 1, 0.25], [1, 0, 0.5]]))"},
      {"bce_with_logits_large", {{6}},
       [](auto& in) { return bce_with_logits(scale(in[0], 256), on(in[0], Tensor::from({6}, {0, 1, 0, 1, 0, 1}))); },
       "F.binary_cross_entropy_with_logits(256 * x0, x0.new_tensor([0, 1, 0, 1, 0, 1]))"},
      {"bce_with_logits_odd", {{5}}, [](auto& in) { return bce_with_logits(in[0], on(in[0], Tensor::from({5}, {0, 1, 0.25, 1, 0}))); },
       "F.binary_cross_entropy_with_logits(x0, x0.new_tensor([0, 1, 0.25, 1, 0]))"},
      {"mse", {{3, 5}, {3, 5}}, [](auto& in) { return mse(in[0], in[1]); }, "F.mse_loss(x0, x1)"},
      {"mse_large", {{1, 3}, {1, 3}}, [](auto& in) { return mse(scale(in[0], 1024), in[1]); }, "F.mse_loss(1024 * x0, x1)"},

      // --- indexing
      {"embedding", {{5, 3}}, [](auto& in) { return embedding(in[0], ints({4, 0, 4, 4, 2, 0})); },
       "F.embedding(torch.tensor([4, 0, 4, 4, 2, 0]), x0)"},
      {"embedding_one_row", {{1, 7}}, [](auto& in) { return embedding(in[0], ints({0, 0})); },
       "F.embedding(torch.tensor([0, 0]), x0)"},

      {"candidate_scores", {{3, 4}, {5, 4}},
       [](auto& in) { return candidate_scores(in[0], in[1], Tensor::from_ints({3, 2}, {4, 0, 2, 2, 4, 1})); },
       "torch.einsum('nc,nkc->nk', x0, x1[torch.tensor([[4, 0], [2, 2], [4, 1]])])"},
      {"candidate_scores_one", {{1, 3}, {2, 3}},
       [](auto& in) { return candidate_scores(in[0], in[1], Tensor::from_ints({1, 1}, {1})); }, "x0 @ x1[1:2].T"},
      {"candidate_scores_odd", {{3, 5}, {7, 5}},
       [](auto& in) { return candidate_scores(in[0], in[1], Tensor::from_ints({3, 3}, {6, 0, 3, 5, 5, 5, 1, 6, 2})); },
       "torch.einsum('nc,nkc->nk', x0, x1[torch.tensor([[6, 0, 3], [5, 5, 5], [1, 6, 2]])])"},
      {"candidate_scores_large", {{2, 3}, {5, 3}},
       [](auto& in) { return candidate_scores(scale(in[0], 1024), in[1], Tensor::from_ints({2, 2}, {4, 0, 1, 4})); },
       "torch.einsum('nc,nkc->nk', 1024 * x0, x1[torch.tensor([[4, 0], [1, 4]])])"},

      // --- packed sequences: q (N,H,D), k and v (M,KV,D)
      {"attention", {{7, 2, 4}, {7, 2, 4}, {7, 2, 4}}, [](auto& in) { return self_attention(in, {3, 4}, Mask::None); },
       "attention(x0, x1, x2, [3, 4], [3, 4], False)"},
      {"attention_causal", {{7, 2, 4}, {7, 2, 4}, {7, 2, 4}}, [](auto& in) { return self_attention(in, {3, 4}, Mask::Causal); },
       "attention(x0, x1, x2, [3, 4], [3, 4], True)"},
      {"attention_one_token", {{1, 1, 5}, {1, 1, 5}, {1, 1, 5}}, [](auto& in) { return self_attention(in, {1}, Mask::Causal); },
       "attention(x0, x1, x2, [1], [1], True)"},
      {"attention_grouped", {{5, 4, 3}, {5, 2, 3}, {5, 2, 3}}, [](auto& in) { return self_attention(in, {2, 3}, Mask::Causal); },
       "attention(x0, x1, x2, [2, 3], [2, 3], True)"},
      {"attention_one_key_head", {{5, 3, 2}, {5, 1, 2}, {5, 1, 2}}, [](auto& in) { return self_attention(in, {4, 1}, Mask::None); },
       "attention(x0, x1, x2, [4, 1], [4, 1], False)"},
      {"attention_empty_sequence", {{5, 2, 3}, {5, 2, 3}, {5, 2, 3}},
       [](auto& in) { return self_attention(in, {0, 3, 0, 2}, Mask::Causal); },
       "attention(x0, x1, x2, [0, 3, 0, 2], [0, 3, 0, 2], True)"},
      {"attention_fewer_queries", {{4, 2, 3}, {9, 1, 3}, {9, 1, 3}},
       [](auto& in) { return attention(in[0], in[1], in[2], Offsets({1, 3}), Offsets({5, 4}), Mask::Causal); },
       "attention(x0, x1, x2, [1, 3], [5, 4], True)"},
      {"attention_no_queries", {{2, 2, 3}, {5, 2, 3}, {5, 2, 3}},
       [](auto& in) { return attention(in[0], in[1], in[2], Offsets({0, 2}), Offsets({3, 2}), Mask::Causal); },
       "attention(x0, x1, x2, [0, 2], [3, 2], True)"},
      {"attention_across", {{5, 2, 3}, {5, 2, 3}, {5, 2, 3}},
       [](auto& in) { return attention(in[0], in[1], in[2], Offsets({4, 1}), Offsets({1, 4}), Mask::None); },
       "attention(x0, x1, x2, [4, 1], [1, 4], False)"},
      {"attention_many_tiles", {{71, 1, 3}, {71, 1, 3}, {71, 1, 3}}, [](auto& in) { return self_attention(in, {67, 4}, Mask::Causal); },
       "attention(x0, x1, x2, [67, 4], [67, 4], True)"},
      {"attention_large", {{5, 1, 4}, {5, 1, 4}, {5, 1, 4}},
       [](auto& in) {
         return attention(scale(in[0], 16), in[1], in[2], Offsets({5}), Offsets({5}), Mask::Causal);
       },
       "attention(16 * x0, x1, x2, [5], [5], True)"},
      {"attention_composed", {{4, 4, 3}, {9, 2, 3}, {9, 2, 3}},
       [](auto& in) { return attention_composed(in[0], in[1], in[2], Offsets({1, 0, 3}), Offsets({5, 0, 4}), Mask::Causal); },
       "attention(x0, x1, x2, [1, 0, 3], [5, 0, 4], True)"},
      {"attention_composed_across", {{5, 2, 3}, {5, 2, 3}, {5, 2, 3}},
       [](auto& in) { return attention_composed(in[0], in[1], in[2], Offsets({4, 1}), Offsets({1, 4}), Mask::None); },
       "attention(x0, x1, x2, [4, 1], [1, 4], False)"},
      {"attention_composed_one_token", {{1, 1, 5}, {1, 1, 5}, {1, 1, 5}},
       [](auto& in) { return attention_composed(in[0], in[1], in[2], Offsets({1}), Offsets({1}), Mask::Causal); },
       "attention(x0, x1, x2, [1], [1], True)"},
      {"attention_composed_empty_sequence", {{5, 2, 3}, {5, 2, 3}, {5, 2, 3}},
       [](auto& in) { return attention_composed(in[0], in[1], in[2], Offsets({0, 3, 0, 2}), Offsets({0, 3, 0, 2}), Mask::Causal); },
       "attention(x0, x1, x2, [0, 3, 0, 2], [0, 3, 0, 2], True)"},
      {"attention_composed_large", {{5, 1, 4}, {5, 1, 4}, {5, 1, 4}},
       [](auto& in) {
         return attention_composed(scale(in[0], 16), in[1], in[2], Offsets({5}), Offsets({5}), Mask::Causal);
       },
       "attention(16 * x0, x1, x2, [5], [5], True)"},
      {"gru", {{7, 3}, {6, 3}, {6, 2}, {6}, {6}}, [](auto& in) { return gru(in[0], in[1], in[2], in[3], in[4], Offsets({2, 4, 1})); },
       "gru(x0, x1, x2, x3, x4, [2, 4, 1])"},
      {"gru_no_bias", {{6, 2}, {9, 2}, {9, 3}}, [](auto& in) { return gru(in[0], in[1], in[2], {}, {}, Offsets({1, 3, 2})); },
       "gru(x0, x1, x2, None, None, [1, 3, 2])"},
      {"gru_odd", {{5, 3}, {9, 3}, {9, 3}, {9}, {9}}, [](auto& in) { return gru(in[0], in[1], in[2], in[3], in[4], Offsets({1, 3, 1})); },
       "gru(x0, x1, x2, x3, x4, [1, 3, 1])"},
      {"gru_one_row", {{1, 3}, {6, 3}, {6, 2}, {6}, {6}}, [](auto& in) { return gru(in[0], in[1], in[2], in[3], in[4], Offsets({1})); },
       "gru(x0, x1, x2, x3, x4, [1])"},
      {"gru_empty_sequence", {{5, 2}, {6, 2}, {6, 2}, {6}, {6}},
       [](auto& in) { return gru(in[0], in[1], in[2], in[3], in[4], Offsets({0, 3, 0, 2})); },
       "gru(x0, x1, x2, x3, x4, [0, 3, 0, 2])"},
      {"gru_large", {{5, 2}, {6, 2}, {6, 2}}, [](auto& in) { return gru(scale(in[0], 16), in[1], in[2], {}, {}, Offsets({5})); },
       "gru(16 * x0, x1, x2, None, None, [5])"},
      {"gru_composed", {{5, 2}, {6, 2}, {6, 2}, {6}, {6}},
       [](auto& in) { return gru_composed(in[0], in[1], in[2], in[3], in[4], Offsets({2, 3})); },
       "gru(x0, x1, x2, x3, x4, [2, 3])"},
      {"gru_composed_odd", {{3, 1}, {9, 1}, {9, 3}}, [](auto& in) { return gru_composed(in[0], in[1], in[2], {}, {}, Offsets({2, 1})); },
       "gru(x0, x1, x2, None, None, [2, 1])"},
      {"gru_composed_one_row", {{1, 3}, {6, 3}, {6, 2}, {6}, {6}},
       [](auto& in) { return gru_composed(in[0], in[1], in[2], in[3], in[4], Offsets({1})); },
       "gru(x0, x1, x2, x3, x4, [1])"},
      {"gru_composed_empty_sequence", {{5, 2}, {6, 2}, {6, 2}, {6}, {6}},
       [](auto& in) { return gru_composed(in[0], in[1], in[2], in[3], in[4], Offsets({0, 3, 0, 2})); },
       "gru(x0, x1, x2, x3, x4, [0, 3, 0, 2])"},
      {"gru_composed_large", {{5, 2}, {6, 2}, {6, 2}},
       [](auto& in) { return gru_composed(scale(in[0], 16), in[1], in[2], {}, {}, Offsets({5})); },
       "gru(16 * x0, x1, x2, None, None, [5])"},
      {"rotary", {{4, 2, 6}}, [](auto& in) { return rotary(in[0], angles({0, 1, 2, 7}, 6, 10000, in[0].device())); },
       "rope(x0, [0, 1, 2, 7], 10000)"},
      {"rotary_far", {{3, 1, 2}}, [](auto& in) { return rotary(in[0], angles({2047, 0, 131071}, 2, 100000, in[0].device())); },
       "rope(x0, [2047, 0, 131071], 100000)"},
      {"rotary_one_token", {{1, 3, 4}}, [](auto& in) { return rotary(in[0], angles({5}, 4, 10000, in[0].device())); }, "rope(x0, [5], 10000)"},
      {"rotary_large", {{3, 1, 4}}, [](auto& in) { return rotary(scale(in[0], 1024), angles({3, 1, 2}, 4, 10000, in[0].device())); },
       "rope(1024 * x0, [3, 1, 2], 10000)"},
  };
  // clang-format on
  return cases;
}

}  // namespace testing
