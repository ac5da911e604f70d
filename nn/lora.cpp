#include "nn/lora.h"

#include <cmath>

#include "autograd/kernels.h"
#include "nn/init.h"

namespace nn {

void for_each_linear(Module& model, const std::function<void(const std::string&, Linear&)>& visit) {
  model.visit_modules([&](const std::string& name, Module& module) {
    if (auto* linear = dynamic_cast<Linear*>(&module)) visit(name, *linear);
  });
}

bool names_module(const std::string& target, const std::string& module) {
  return module == target || module.ends_with("." + target);
}

void attach_lora(Module& model, const LoraConfig& config) {
  AG_CHECK(config.rank > 0, "attach_lora: the rank is ", config.rank);
  std::vector<LoraTarget> targets;
  std::vector<std::string> unused = config.targets;
  for_each_linear(model, [&](const std::string& name, Linear& linear) {
    for (const std::string& target : config.targets) {
      if (!names_module(target, name)) continue;
      targets.push_back({name, &linear, config.rank, config.alpha / static_cast<double>(config.rank)});
      std::erase(unused, target);
      break;
    }
  });
  std::string names;
  for (const std::string& target : unused) names += " " + target;
  INPUT_CHECK(unused.empty(), "LoRA: the model has no linear layer named", names);
  attach_lora(model, targets, config.dropout, config.seed);
}

void attach_lora(Module& model, const std::vector<LoraTarget>& targets, double dropout, uint64_t seed) {
  model.requires_grad(false);
  for (const auto& [name, linear, rank, scaling] : targets) {
    const int64_t in = linear->weight.dim(1), out = linear->weight.dim(0);
    const ag::RandomKey key = key_for(name + ".lora_A", seed);
    LoraAdapter lora{ag::Tensor::empty({rank, in}), ag::Tensor::zeros({out, rank}), scaling, dropout,
                     key.stream};
    uniform_(lora.A, 1 / std::sqrt(static_cast<double>(in)), key);
    lora.A.move_to(linear->weight.device());
    lora.B.move_to(linear->weight.device());
    lora.A.set_requires_grad();
    lora.B.set_requires_grad();
    linear->attach_lora(std::move(lora));
  }
}

void detach_lora(Module& model) {
  for_each_linear(model, [](const std::string&, Linear& linear) { linear.detach_lora(); });
}

NamedTensors lora_parameters(const Module& model) {
  NamedTensors found;
  for (const auto& [name, tensor] : model.named_parameters()) {
    if (name.ends_with(".lora_A.weight") || name.ends_with(".lora_B.weight"))
      found.emplace_back(kPeftPrefix + name, tensor);
  }
  return found;
}

void merge_lora(Module& model) {
  for_each_linear(model, [](const std::string&, Linear& linear) {
    if (!linear.lora()) return;
    const auto& [A, B, scaling, dropout, stream] = *linear.lora();
    DISPATCH(linear.weight.device(), gemm, false, false, B.dim(0), A.dim(1), A.dim(0),
             static_cast<ag::real>(scaling), B, A, ag::real(1), linear.weight);
  });
}

}  // namespace nn
