// Declares the kernels of kernels.inc for each backend, and the few types that they share.
#pragma once

#include <cstdint>

#include "autograd/device.h"
#include "autograd/host_device.h"
#include "autograd/rng.h"
#include "autograd/tensor.h"

namespace ag {

enum class Unary : uint8_t {
#define UNARY(Name, op, formula, slope) Name,
#include "autograd/ops/unary.inc"
#undef UNARY
};
enum class Binary : uint8_t { Add, Sub, Mul };

// One step of Adam or AdamW, see nn/optim.h for the formula; the bias corrections are 1 - beta^t.
struct AdamStep {
  double lr, beta1, beta2, eps, weight_decay;
  double bias_correction1, bias_correction2;
  bool decoupled;  // AdamW: the decay acts on the weight; Adam: it is added to the gradient
};

// A piece of a tensor's numbers. An array of pieces lets one kernel read many tensors.
struct Piece {
  const real* x;
  int64_t n;
};

// Packed attention: q (N,H,D), k and v (M,KV,D). Sequence b has the queries [q_offsets[b], q_offsets[b+1])
// and the keys [k_offsets[b], k_offsets[b+1]).
struct AttentionArgs {
  const int32_t* q_offsets;  // (B+1), on the device
  const int32_t* k_offsets;  // (B+1), on the device
  int64_t B, H, KV, D;
  int64_t queries, keys;  // rows of q; rows of k and v
  int64_t longest_k;      // keys of the longest sequence
  bool causal;            // query i of n sees keys 0 .. i + (keys - n): the last query sees the last key
  real dropout;           // of the weights
  RandomKey key;
  const int32_t* rows;  // (N), on the device, or null: see mask_row

  // The row of dropout's masks that belongs to the weights of query row i and head h.
  HOST_DEVICE int64_t mask_row(int64_t i, int64_t h) const { return (rows ? rows[i] : i) * H + h; }
};
// The size, in reals, of the scratch memory that attention_forward and attention_backward need.
int64_t attention_scratch(const AttentionArgs& s, Device device);

inline void check_argument(Device device, const char* kernel, const AttentionArgs& s) {
  check_memory(device, kernel, s.q_offsets);
  check_memory(device, kernel, s.k_offsets);
  check_memory(device, kernel, s.rows);
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
