// The step of `p2rec reconstruct`: SmolLM2-135M's shape with random weights, LoRA with r = 8 on its seven
// kinds of linear layers, a linear head on the last token, AdamW.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "autograd/gradient_sum.h"
#include "models/llama/llama.h"
#include "nn/init.h"
#include "nn/lora.h"
#include "nn/optim.h"

namespace bench {

inline ag::Tensor random_tensor(ag::Shape shape, const char* name, ag::Device device = ag::Device::CPU) {
  ag::Tensor x = ag::Tensor::empty(std::move(shape));
  nn::normal_(x, 1, nn::key_for(name, 1));
  return x.to(device);
}

inline std::vector<std::vector<int32_t>> random_sequences(int64_t count, int64_t length, int32_t below) {
  std::vector<std::vector<int32_t>> sequences(static_cast<size_t>(count));
  uint64_t draw = 0;
  for (auto& sequence : sequences) {
    for (int64_t i = 0; i < length; ++i)
      sequence.push_back(
          static_cast<int32_t>(ag::random_below({1, 0, 0}, draw++, static_cast<uint32_t>(below))));
  }
  return sequences;
}

inline models::LlamaConfig smollm2_config() {
  models::LlamaConfig config;
  config.vocabulary = 49152;
  config.hidden = 576;
  config.intermediate = 1536;
  config.layers = 30;
  config.heads = 9;
  config.kv_heads = 3;
  return config;
}

// Operations of the frozen matrices, forward; a step has as many again for the gradient of their input. In
// the last layer only k and v have a result for every token.
inline double forward_operations(int64_t tokens) {
  const models::LlamaConfig config = smollm2_config();
  const auto C = static_cast<double>(config.hidden), I = static_cast<double>(config.intermediate);
  const double k_and_v = 2 * C * 192, layer = k_and_v + 2 * C * C + 3 * C * I;
  return 2 * (static_cast<double>(config.layers - 1) * layer + k_and_v) * static_cast<double>(tokens);
}

// Packed random prompts of these lengths.
inline nn::Packed random_prompts(std::span<const int64_t> lengths) {
  std::vector<std::vector<int32_t>> prompts;
  const auto vocabulary = static_cast<int32_t>(smollm2_config().vocabulary);
  for (const int64_t length : lengths) prompts.push_back(random_sequences(1, length, vocabulary)[0]);
  return nn::pack(prompts);
}

class LoraStep {
 public:
  explicit LoraStep(bool bf16 = false, ag::Device device = ag::Device::CPU)
      : model_(smollm2_config()), head_(ag::Tensor::zeros({20, 576}, ag::DType::Real, device)) {
    models::initialise(model_, 0.02, 1);
    nn::attach_lora(model_, {});
    if (bf16) nn::store_in_bf16(model_);
    model_.move_to(device);
    nn::NamedTensors trained = nn::lora_parameters(model_);
    trained.emplace_back("head", head_.set_requires_grad());
    adam_ = std::make_unique<nn::Adam>(trained, nn::AdamConfig{});
  }

  // Returns the loss. `done`, `finish`: see autograd/gradient_sum.h.
  ag::Tensor run(
      const nn::Packed& batch, const ag::LeafDone& done = [](const ag::Tensor&) {},
      const std::function<void()>& finish = [] {}) {
    adam_->zero_grad();
    const ag::Tensor h = model_.last_states(model_.embed(batch.ids), batch),
                     target = random_tensor({h.dim(0), head_.dim(0)}, "target", head_.device()),
                     loss = ag::mse(ag::linear(h, head_), target);
    ag::backward_with(loss, done);
    finish();
    adam_->step();
    return loss.detach();
  }

  std::vector<ag::Tensor> parameters() const { return adam_->parameters(); }

 private:
  models::Llama model_;
  ag::Tensor head_;
  std::unique_ptr<nn::Adam> adam_;
};

}  // namespace bench
