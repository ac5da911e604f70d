// A training step of SASRec with the ml-100k configuration: cross-entropy over all 1,682 items, dropout on.
#pragma once

#include "bench/profile/lora_step.h"
#include "models/recommenders/sasrec.h"

namespace bench {

class SasrecStep {
 public:
  SasrecStep(int64_t windows, int64_t length, ag::Device device = ag::Device::CPU)
      : model_(config(), 1), batch_{model_.pack(random_sequences(windows, length, kItems)), {}, {}, {}, {}} {
    batch_.targets = batch_.input.ids;
    model_.move_to(device);
    adam_ = std::make_unique<nn::Adam>(model_.named_parameters(), nn::AdamConfig{.decoupled = false});
  }

  ag::Tensor run() {  // returns the loss
    batch_.input.dropout = {1, step_++, true};
    adam_->zero_grad();
    const ag::Tensor loss = model_.loss(batch_, {});
    ag::backward(loss);
    adam_->step();
    return loss.detach();
  }

  int64_t tokens() const { return batch_.targets.numel(); }
  double operations() const {
    const double C = 64,
                 per_token = 2 * (2 * 6 * C * C) + 2 * kItems * C;  // two blocks and the logits, forward
    return 3 * per_token * static_cast<double>(tokens());
  }

 private:
  static constexpr int32_t kItems = 1682;
  static models::SasrecConfig config() {
    models::SasrecConfig config;
    config.items = kItems;
    return config;
  }
  models::Sasrec model_;
  models::SequenceBatch batch_;
  std::unique_ptr<nn::Adam> adam_;
  uint32_t step_ = 0;
};

}  // namespace bench
