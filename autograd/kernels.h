// Declares the kernels of kernels.inc for each backend, with the few types that they share.
#pragma once

#include <cstdint>

#include "autograd/device.h"
#include "autograd/rng.h"
#include "autograd/tensor.h"

namespace ag {

enum class Unary : uint8_t { Exp, Log, Tanh, Sigmoid, Relu, Gelu, Silu };
enum class Binary : uint8_t { Add, Sub, Mul };

// One step of Adam or AdamW, see nn/optim.h for the formula; the bias corrections are 1 - beta^t.
struct AdamStep {
  double lr, beta1, beta2, eps, weight_decay;
  double bias_correction1, bias_correction2;
  bool decoupled;  // AdamW: the decay acts on the weight; Adam: it is added to the gradient
};

// Packed attention: q (N,H,D), k and v (M,KV,D); sequence b has the queries q_offsets[b] .. q_offsets[b+1]
// and likewise the keys.
struct AttentionArgs {
  const int32_t* q_offsets;  // (B+1), on the device
  const int32_t* k_offsets;  // (B+1), likewise
  int64_t B, H, KV, D;
  int64_t queries, keys;  // rows of q, and of k and v
  int64_t longest_k;      // keys of the longest sequence
  bool causal;            // query i of n sees the keys up to i + (keys - n): the two end together
  real dropout;           // of the weights; their elements are numbered as attention_weight_columns says
  RandomKey key;
};
// Weight (i,h,j) of query row i and key j of its sequence is element (i H + h) W + j of dropout's random stream, where W is
// the longest sequence's keys rounded up to whole groups of the mask.
int64_t attention_weight_columns(int64_t longest_k);
// Reals of scratch that attention_forward and attention_backward need on the device.
int64_t attention_scratch(const AttentionArgs& s, Device device);

inline void check_argument(Device device, const char* kernel, const AttentionArgs& s) {
  check_memory(device, kernel, s.q_offsets);
  check_memory(device, kernel, s.k_offsets);
}

namespace cpu {
#include "autograd/kernels.inc"
}
#ifdef P2REC_CUDA
namespace cuda {
#include "autograd/kernels.inc"
}
#endif

}  // namespace ag
