// Declares the kernels of kernels.inc for each backend, and the few types that they share.
#pragma once

#include <cstdint>
#include <type_traits>

#include "autograd/device.h"
#include "autograd/host_device.h"
#include "autograd/profile.h"
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

// The rows of a table that a batch of ids uses. CPU: the ids. CUDA: row rows[u] is used at the places
// at[begin[u]], ..., at[begin[u + 1] - 1] of the batch. row_uses.h makes it.
struct TableUses {
  const int32_t* ids = nullptr;  // (N), each in [0, V)
  int64_t N = 0, V = 0;
  const int32_t *rows = nullptr, *begin = nullptr, *at = nullptr;  // (U), (U+1), (N)
  int64_t U = 0;
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

namespace cpu {
#include "autograd/kernels.inc"
}
#ifdef P2REC_CUDA
namespace cuda {
#include "autograd/kernels.inc"
}
#endif

// A tensor as a kernel's argument: the address of its numbers, or null if it is undefined.
struct Address {
  const Tensor& x;
  operator real*() const { return x.defined() ? x.data() : nullptr; }
  operator int32_t*() const { return x.defined() ? x.ints() : nullptr; }
  operator uint16_t*() const { return x.defined() ? x.bf16() : nullptr; }
};
template <class T>
const T& argument(const char* /*kernel*/, Device /*device*/, const T& number) {
  return number;
}
inline Address argument(const char* kernel, Device device, const Tensor& x) {
  if (x.defined()) check_device(kernel, device, x);
  return {x};
}

template <class... Parameters, class... Arguments>
void run_kernel(const char* name, Device device, void (*on_cpu)(Parameters...),
                std::type_identity_t<void (*)(Parameters...)> on_cuda, const Arguments&... arguments) {
  const auto kernel = device == Device::CPU ? on_cpu : on_cuda;
  if (!kernel) throw_without_cuda();
  const KernelTimer timer(name);
  kernel(argument(name, device, arguments)...);
}

}  // namespace ag

// Calls the kernel `name` of the device's backend: DISPATCH(x.device(), rms_norm_forward, arguments...).
// A backend is a namespace (ag::cpu, ag::cuda) that implements every function of kernels.inc. An argument is
// a number or a tensor, whose device is checked; or an address within a tensor.
#ifdef P2REC_CUDA
#define CUDA_KERNEL(name) ::ag::cuda::name
#else
#define CUDA_KERNEL(name) nullptr
#endif
#define DISPATCH(device, name, ...) \
  ::ag::run_kernel(#name, device, ::ag::cpu::name, CUDA_KERNEL(name), __VA_ARGS__)
