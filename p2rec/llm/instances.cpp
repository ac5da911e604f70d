#include "p2rec/llm/instances.h"

#include "autograd/ops.h"

namespace p2rec {
namespace {

using ag::Tensor;

std::vector<int32_t> prompt_of(const Instance& instance, const Prompts& prompts, const Interactions& data) {
  return prompts.of(training_part(data, instance.user).first(static_cast<size_t>(instance.place)));
}

int32_t item_of(const Instance& instance, const Interactions& data) {
  return training_part(data, instance.user)[static_cast<size_t>(instance.place)];
}

}  // namespace

std::vector<Instance> training_instances(const Interactions& data) {
  std::vector<Instance> instances;
  for (int64_t user = 0; user < data.users(); ++user) {
    for (int64_t place = 1; place < std::ssize(training_part(data, user)); ++place)
      instances.push_back({user, place});
  }
  return instances;
}

Tensor next_item_loss(const ItemReader& reader, const nn::Packed& prompts, const Tensor& items) {
  AG_CHECK(reader.item_tokens.defined(), "next_item_loss: the prompts have no item tokens to choose from");
  return ag::linear_cross_entropy(prompt_states(reader, prompts), reader.item_tokens, items);
}

Finetuning instance_level(const ItemReader& reader, const Prompts& prompts, const Interactions& data,
                          double item_lr) {
  const std::vector<Instance> instances = training_instances(data);
  Finetuning result;
  result.trained = {{{{"item_tokens", reader.item_tokens}}, item_lr}};
  for (int64_t i = 0; i < std::ssize(instances); ++i) {
    const Instance& instance = instances[static_cast<size_t>(i)];
    if (held_out(data.user_ids[static_cast<size_t>(instance.user)])) {
      result.heldout.push_back(i);
      continue;
    }
    result.examples.push_back(i);
    result.lengths.push_back(std::ssize(prompt_of(instance, prompts, data)));
  }
  result.loss = [=, &prompts, &data](std::span<const int64_t> batch, const BatchPart& part,
                                     const nn::DropoutContext& dropout) -> PartLoss {
    std::vector<std::vector<int32_t>> texts;
    std::vector<int32_t> items;
    for (const int64_t i : batch)
      texts.push_back(prompt_of(instances[static_cast<size_t>(i)], prompts, data));
    for (const int64_t i : part.of(batch)) items.push_back(item_of(instances[static_cast<size_t>(i)], data));
    nn::Packed x = nn::pack(texts);
    x.dropout = dropout;
    const int64_t B = std::ssize(batch);
    return {next_item_loss(reader, nn::part(x, part.begin(B), part.end(B)), Tensor::from_ints(items)),
            std::ssize(items), B};
  };
  return result;
}

}  // namespace p2rec
