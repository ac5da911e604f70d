// The layers of the models here.
#pragma once

#include <optional>

#include "nn/module.h"
#include "nn/packed.h"

namespace nn {

// A low-rank addition to a frozen Linear (Hu et al. 2021, LoRA): y += (alpha / r) dropout(x) A^T B^T.
struct LoraAdapter {
  ag::Tensor A;         // lora_A.weight (r, in)
  ag::Tensor B;         // lora_B.weight (out, r); initially zero, so the model first stays as it was
  double scaling = 1;   // alpha / r
  double dropout = 0;   // rate, on the adapter's input
  uint32_t stream = 0;  // of the dropout's random numbers
};

// A bottleneck after a frozen Linear (Houlsby et al. 2019): y += relu(y down^T) up^T. They put one after the
// projection of attention and one after the feed-forward layer, before the residual is added.
struct BottleneckAdapter {
  ag::Tensor down;  // bottleneck_down.weight (r, out)
  ag::Tensor up;    // bottleneck_up.weight (out, r); initially zero, so the model first stays as it was
};

class Linear : public Module {
 public:
  Linear(int64_t in, int64_t out, bool with_bias);
  ag::Tensor operator()(const ag::Tensor& x /*(N,in)*/, const DropoutContext& dropout = {}) const;  // (N,out)

  // Makes the matrices parameters, lora_A.weight and lora_B.weight. Replaces an earlier adapter.
  void attach_lora(LoraAdapter adapter);
  void detach_lora();
  const std::optional<LoraAdapter>& lora() const { return lora_; }
  // Makes the matrices parameters, bottleneck_down.weight and bottleneck_up.weight. Replaces an earlier one.
  void attach_bottleneck(BottleneckAdapter adapter);
  void detach_bottleneck();

  ag::Tensor weight;  // (out,in)
  ag::Tensor bias;    // (out), or undefined

 private:
  std::optional<LoraAdapter> lora_;
  std::optional<BottleneckAdapter> bottleneck_;
};

class Embedding : public Module {
 public:
  Embedding(int64_t rows, int64_t columns);
  ag::Tensor operator()(const ag::Tensor& ids /*(N)*/) const { return ag::embedding(weight, ids); }
  ag::Tensor weight;  // (V,C)
};

// Stores the weights of all Linear and Embedding layers in BF16, half the memory. They must be frozen.
void store_in_bf16(Module& model);

class RMSNorm : public Module {
 public:
  RMSNorm(int64_t columns, double eps);
  ag::Tensor operator()(const ag::Tensor& x) const { return ag::rms_norm(x, weight, eps); }
  ag::Tensor weight;  // (C), initially ones
  double eps;
};

class LayerNorm : public Module {
 public:
  LayerNorm(int64_t columns, double eps);
  ag::Tensor operator()(const ag::Tensor& x) const { return ag::layer_norm(x, weight, bias, eps); }
  ag::Tensor weight, bias;  // (C), initially ones and zeros
  double eps;
};

}  // namespace nn
