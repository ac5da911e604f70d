#include "p2rec/methods/darec/adapters.h"

#include <cmath>
#include <string_view>

#include "nn/init.h"
#include "nn/lora.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr std::string_view kLetters = "n48b";  // of the values of Adapter
constexpr int64_t kBottleneck = 16;
constexpr double kLoraScaling = 2;

// The number in "model.layers.7.mlp.down_proj"; -1 for a module outside the layers.
int64_t layer_of(const std::string& module) {
  const std::string before = "model.layers.";
  return module.starts_with(before) ? std::stoll(module.substr(before.size())) : -1;
}

bool is_one_of(const std::string& module, const char* first, const char* second) {
  return nn::names_module(first, module) || nn::names_module(second, module);
}

// down is drawn as LoRA's A: uniform in +-1 / sqrt(in).
void attach_bottleneck(nn::Linear& linear, const std::string& name, uint64_t seed) {
  const int64_t out = linear.weight.dim(0);
  nn::BottleneckAdapter adapter{Tensor::empty({kBottleneck, out}), Tensor::zeros({out, kBottleneck})};
  nn::uniform_(adapter.down, 1 / std::sqrt(static_cast<double>(out)),
               nn::key_for(name + ".bottleneck", seed));
  adapter.down.move_to(linear.weight.device());
  adapter.up.move_to(linear.weight.device());
  adapter.down.set_requires_grad();
  adapter.up.set_requires_grad();
  linear.attach_bottleneck(std::move(adapter));
}

}  // namespace

std::string name_of(const Point& adapters) {
  std::string name;
  for (const int adapter : adapters) name += kLetters[static_cast<size_t>(adapter)];
  return name;
}

Point adapters_named(const std::string& name) {
  Point adapters;
  for (const char letter : name) adapters.push_back(static_cast<int>(kLetters.find(letter)));
  return adapters;
}

int64_t group_of_layer(int64_t layer, int64_t layers, int64_t groups) { return layer * groups / layers; }

void attach_adapters(models::Llama& llm, const Point& adapters, uint64_t seed) {
  detach_adapters(llm);
  std::vector<nn::LoraTarget> lora;
  std::vector<std::pair<std::string, nn::Linear*>> bottlenecks;
  nn::for_each_linear(llm, [&](const std::string& name, nn::Linear& linear) {
    const int64_t layer = layer_of(name);
    if (layer < 0) return;
    const int64_t group = group_of_layer(layer, llm.config().layers, std::ssize(adapters));
    const auto adapter = static_cast<Adapter>(adapters[static_cast<size_t>(group)]);
    const bool is_lora = adapter == Adapter::Lora4 || adapter == Adapter::Lora8;
    if (is_lora && is_one_of(name, "q_proj", "v_proj"))
      lora.push_back({name, &linear, adapter == Adapter::Lora4 ? 4 : 8, kLoraScaling});
    if (adapter == Adapter::Bottleneck && is_one_of(name, "o_proj", "down_proj"))
      bottlenecks.emplace_back(name, &linear);
  });
  nn::attach_lora(llm, lora, 0, seed);
  for (const auto& [name, linear] : bottlenecks) attach_bottleneck(*linear, name, seed);
}

void detach_adapters(models::Llama& llm) {
  nn::detach_lora(llm);
  nn::for_each_linear(llm, [](const std::string&, nn::Linear& linear) { linear.detach_bottleneck(); });
}

nn::NamedTensors adapter_parameters(const models::Llama& llm) {
  nn::NamedTensors found;
  for (const auto& [name, tensor] : llm.named_parameters()) {
    if (name.find(".lora_") != name.npos || name.find(".bottleneck_") != name.npos)
      found.emplace_back(name, tensor);
  }
  return found;
}

}  // namespace p2rec
