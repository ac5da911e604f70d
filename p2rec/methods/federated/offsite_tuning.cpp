#include "p2rec/methods/federated/offsite_tuning.h"

#include <cmath>

namespace p2rec {
namespace {

// The name of a parameter of the emulator in the whole model: "model.layers.1.x" -> "model.layers.7.x".
std::string name_in_whole(const std::string& name, const std::vector<int64_t>& layers) {
  const std::string begin = "model.layers.";
  if (!name.starts_with(begin)) return name;
  const size_t end = name.find('.', begin.size());
  const auto layer = static_cast<size_t>(std::stoll(name.substr(begin.size(), end - begin.size())));
  return begin + std::to_string(layers.at(layer)) + name.substr(end);
}

}  // namespace

std::vector<int64_t> emulator_layers(int64_t layers, const OffsiteConfig& config) {
  const int64_t middle = layers - 2 * config.ends;
  INPUT_CHECK(middle >= 1, "offsite-ends: found ", config.ends, ", but the language model has only ", layers,
              " layers; expected at least one between the first and the last ", config.ends);
  const int64_t kept = middle - std::llround(static_cast<double>(middle) * config.drop);
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < config.ends; ++i) chosen.push_back(i);
  for (int64_t i = 0; i < kept; ++i) chosen.push_back(config.ends + i * middle / kept);
  for (int64_t i = layers - config.ends; i < layers; ++i) chosen.push_back(i);
  return chosen;
}

std::unique_ptr<models::Llama> emulator_of(const models::Llama& whole, const std::vector<int64_t>& layers) {
  models::LlamaConfig config = whole.config();
  config.layers = std::ssize(layers);
  auto emulator = std::make_unique<models::Llama>(config);
  if (whole.token_table().dtype() == ag::DType::BF16) nn::store_in_bf16(*emulator);
  emulator->move_to(whole.device());
  const nn::TensorFile all{whole.named_parameters(), {}, "the whole model"};
  for (const auto& [name, x] : emulator->named_parameters())
    ag::Tensor(x).copy_from(all.at(name_in_whole(name, layers)));
  return emulator;
}

void attach_lora_to_ends(models::Llama& llm, const nn::LoraConfig& config, int64_t ends) {
  nn::detach_lora(llm);
  std::vector<nn::LoraTarget> targets;
  nn::for_each_linear(llm, [&](const std::string& name, nn::Linear& linear) {
    for (int64_t layer = 0; layer < llm.config().layers; ++layer) {
      const bool at_end = layer < ends || layer >= llm.config().layers - ends;
      if (at_end && name.starts_with("model.layers." + std::to_string(layer) + "."))
        targets.push_back({name, &linear, config.rank, config.alpha / static_cast<double>(config.rank)});
    }
  });
  nn::attach_lora(llm, targets, config.dropout, config.seed);
}

void plug_in(const nn::NamedTensors& trained, const nn::NamedTensors& whole) {
  AG_CHECK(trained.size() == whole.size(), "plug_in: found ", trained.size(), " trained tensors for ",
           whole.size(), " of the whole model");
  for (size_t i = 0; i < whole.size(); ++i) ag::Tensor(whole[i].second).copy_from(trained[i].second);
}

}  // namespace p2rec
