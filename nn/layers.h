// The layers that every model here is made of.
#pragma once

#include <optional>

#include "nn/module.h"
#include "nn/packed.h"

namespace nn {

// A low-rank addition to a frozen Linear (Hu et al. 2021, LoRA): y += (alpha / r) dropout(x) A^T B^T.
struct LoraAdapter {
  ag::Tensor A;         // lora_A.weight (r, in)
  ag::Tensor B;         // lora_B.weight (out, r); zero at the start, so the model begins as it was
  double scaling = 1;   // alpha / r
  double dropout = 0;   // on the adapter's input
  uint32_t stream = 0;  // of its random numbers
};

class Linear : public Module {
 public:
  Linear(int64_t in, int64_t out, bool with_bias);
  ag::Tensor operator()(const ag::Tensor& x /*(N,in)*/, const DropoutContext& dropout = {}) const;  // (N,out)

  // The matrices become parameters, lora_A.weight and lora_B.weight, in place of an earlier adapter's.
  void attach_lora(LoraAdapter adapter);
  void detach_lora();
  const std::optional<LoraAdapter>& lora() const { return lora_; }

  ag::Tensor weight;  // (out,in)
  ag::Tensor bias;    // (out), undefined without one

 private:
  std::optional<LoraAdapter> lora_;
};

class Embedding : public Module {
 public:
  Embedding(int64_t rows, int64_t columns);
  ag::Tensor operator()(const ag::Tensor& ids /*(N)*/) const { return ag::embedding(weight, ids); }
  ag::Tensor weight;  // (V,C)
};

class RMSNorm : public Module {
 public:
  RMSNorm(int64_t columns, double eps);
  ag::Tensor operator()(const ag::Tensor& x) const { return ag::rms_norm(x, weight, eps); }
  ag::Tensor weight;  // (C), ones at the start
  double eps;
};

class LayerNorm : public Module {
 public:
  LayerNorm(int64_t columns, double eps);
  ag::Tensor operator()(const ag::Tensor& x) const { return ag::layer_norm(x, weight, bias, eps); }
  ag::Tensor weight, bias;  // (C), ones and zeros at the start
  double eps;
};

}  // namespace nn
