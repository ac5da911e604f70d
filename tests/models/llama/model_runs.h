// Compares a whole model with its fixture: outputs, loss, every gradient, and the losses of ten steps.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "nn/layers.h"
#include "nn/optim.h"
#include "tests/parity.h"

namespace testing {

// The fixture's tensors whose names begin with the prefix; the names are returned without it.
inline nn::NamedTensors below(const nn::TensorFile& file, const std::string& prefix) {
  nn::NamedTensors found;
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with(prefix)) found.emplace_back(name.substr(prefix.size()), tensor);
  }
  return found;
}

inline nn::Packed packed_input(const nn::TensorFile& file, const std::string& section = "") {
  const ag::Tensor& offsets = file.at(section + "input.offsets");
  std::vector<int32_t> lengths;
  for (int64_t b = 0; b + 1 < offsets.numel(); ++b)
    lengths.push_back(offsets.ints()[b + 1] - offsets.ints()[b]);
  return {file.at(section + "input.ids"), file.at(section + "input.positions"), ag::Offsets(lengths), {}};
}

// Checks loss and gradients before training, then the losses of ten steps.
inline void check_training(const Parity& parity, const nn::TensorFile& file, const std::string& section,
                           const nn::NamedTensors& parameters, nn::Adam& adam, double clip,
                           const std::function<ag::Tensor()>& loss) {
  const ag::Tensor first = loss();
  parity.check("loss", first.view({1}), file.at(section + "loss"), tolerance::kModelForward);
  adam.zero_grad();
  ag::backward(first);
  size_t compared = 0;
  for (const auto& parameter : parameters) {
    const auto& [name, w] = parameter;
    REQUIRE_MESSAGE(parameter.second.grad().defined(), parameter.first);
    parity.check("gradients", w.grad(), file.at(section + "grad." + name), tolerance::kModelGradient,
                 section + "grad." + name);
    ++compared;
  }
  CHECK(compared == below(file, section + "grad.").size());
  ag::Tensor losses = ag::Tensor::zeros({10});
  for (int64_t step = 0; step < 10; ++step) {
    const ag::Tensor now = loss();
    losses.data()[step] = now.item();
    adam.zero_grad();
    ag::backward(now);
    if (clip > 0) nn::clip_grad_norm(adam.parameters(), clip);
    adam.step();
  }
  parity.check("losses of ten steps", losses, file.at(section + "losses"), tolerance::kTenSteps);
}

}  // namespace testing
