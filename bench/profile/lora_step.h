// The step of `p2rec reconstruct`: SmolLM2-135M's shape with random weights, LoRA with r = 8 on its seven kinds
// of linear layers, a linear head on the last token, AdamW.
#pragma once

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

class LoraStep {
 public:
  LoraStep(int64_t sequences, int64_t length, bool bf16 = false, ag::Device device = ag::Device::CPU)
      : model_(smollm2_config()),
        batch_(nn::pack(random_sequences(sequences, length, 49152))),
        target_(random_tensor({sequences, 20}, "target", device)),
        head_(ag::Tensor::zeros({20, 576}, ag::DType::Real, device)) {
    models::initialise(model_, 0.02, 1);
    nn::attach_lora(model_, {});
    if (bf16) nn::store_in_bf16(model_);
    model_.move_to(device);
    nn::NamedTensors trained = nn::lora_parameters(model_);
    trained.emplace_back("head", head_.set_requires_grad());
    adam_ = std::make_unique<nn::Adam>(trained, nn::AdamConfig{});
  }

  ag::Tensor run() {  // returns the loss
    adam_->zero_grad();
    const ag::Tensor h = model_.last_states(model_.embed(batch_.ids), batch_);
    const ag::Tensor loss = ag::mse(ag::linear(h, head_), target_);
    ag::backward(loss);
    adam_->step();
    return loss.detach();
  }

  int64_t tokens() const { return batch_.ids.numel(); }
  // Those of the frozen matrices: forward, and the gradient of their input. In the last layer only k and v have
  // a result for every token.
  double operations() const {
    const auto C = static_cast<double>(model_.config().hidden),
               I = static_cast<double>(model_.config().intermediate);
    const double k_and_v = 2 * C * 192, layer = k_and_v + 2 * C * C + 3 * C * I;
    return 4 * (static_cast<double>(model_.config().layers - 1) * layer + k_and_v) *
           static_cast<double>(tokens());
  }

 private:
  models::Llama model_;
  nn::Packed batch_;
  ag::Tensor target_, head_;
  std::unique_ptr<nn::Adam> adam_;
};

}  // namespace bench
