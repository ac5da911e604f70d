#include "p2rec/methods/p2rec/item_augmentation.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "p2rec/training/measured_memory.h"

namespace p2rec {
namespace {

models::SharedPrefix beginning_of(const ItemReader& reader, const Prompts& prompts) {
  return reader.llm.shared_prefix(embed_prompt(reader, ag::Tensor::from_ints(prompts.beginning())));
}

// An item's prompt after the shared beginning.
PromptOfItem rest_of(const Prompts& prompts) {
  return [&prompts](int64_t item) { return prompts.virtual_user(static_cast<int32_t>(item)); };
}

std::vector<int64_t> lengths_of(const Prompts& prompts) {
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < prompts.items(); ++i) lengths.push_back(std::ssize(rest_of(prompts)(i)));
  return lengths;
}

}  // namespace

ag::Tensor augment_items(const ItemReader& reader, const Prompts& prompts, const Task& task) {
  const ag::NoGrad no_grad;
  const std::vector<int64_t> lengths = lengths_of(prompts);
  task.announce(fmt::format("{} virtual users, {} tokens after a shared prefix of {}", prompts.items(),
                            std::reduce(lengths.begin(), lengths.end()), prompts.beginning().size()));
  const models::SharedPrefix prefix = beginning_of(reader, prompts);
  return embed_items(reader, prompts.items(), rest_of(prompts), &prefix, task);
}

void check_augmentation_memory(const ItemReader& reader, const Prompts& prompts) {
  const ag::NoGrad no_grad;
  const std::vector<int64_t> lengths = lengths_of(prompts);
  MeasuredMemory memory(reader.llm.device(), "llm", ag::message("embedding ", prompts.items(), " items"));
  memory.measure([&] {
    const auto table = ag::Tensor::zeros({prompts.items(), reader.llm.config().hidden});
    const models::SharedPrefix prefix = beginning_of(reader, prompts);
    memory.batches(std::min<int64_t>(2, prompts.items()), 1, [&](int64_t n) {
      embed_items(reader, n, rest_of(prompts), &prefix, {});
      return std::reduce(lengths.begin(), lengths.begin() + n);
    });
  });
  memory.check(memory.bytes(std::max(kTokensEmbeddedTogether, std::ranges::max(lengths))));
}

}  // namespace p2rec
