#include "p2rec/methods/p2rec/item_augmentation.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "p2rec/training/measured_memory.h"

namespace p2rec {

using ag::Tensor;

namespace {

constexpr int64_t kItemsPerBatch = 64;

models::SharedPrefix beginning_of(const ItemReader& reader, const Prompts& prompts) {
  return reader.llm.shared_prefix(embed_prompt(reader, Tensor::from_ints(prompts.beginning())));
}

// Of items [begin, end).
Tensor item_states(const ItemReader& reader, const Prompts& prompts, const models::SharedPrefix& prefix,
                   int64_t begin, int64_t end) {
  std::vector<std::vector<int32_t>> rest;
  for (int64_t i = begin; i < end; ++i) rest.push_back(prompts.virtual_user(static_cast<int32_t>(i)));
  return prompt_states(reader, nn::pack(rest), &prefix);
}

std::vector<int64_t> lengths_of(const Prompts& prompts) {
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < prompts.items(); ++i)
    lengths.push_back(std::ssize(prompts.virtual_user(static_cast<int32_t>(i))));
  return lengths;
}

}  // namespace

Tensor augment_items(const ItemReader& reader, const Prompts& prompts, const Task& task) {
  const ag::NoGrad no_grad;
  const int64_t V = prompts.items();
  Tensor table = Tensor::zeros({V, reader.llm.config().hidden});
  int64_t done = 0;
  if (const auto saved = task.resume()) {
    table.copy_from(saved->at("table"));
    done = std::stoll(saved->metadata.at("done"));
  }
  const std::vector<int64_t> lengths = lengths_of(prompts);
  task.announce(fmt::format("{} virtual users, {} tokens after a shared beginning of {}", V,
                            std::reduce(lengths.begin(), lengths.end()), prompts.beginning().size()));
  const models::SharedPrefix prefix = beginning_of(reader, prompts);
  while (done < V) {
    const int64_t end = std::min(done + kItemsPerBatch, V);
    table.rows(done, end).copy_from(item_states(reader, prompts, prefix, done, end));
    done = end;
    task.progress(static_cast<double>(done) / static_cast<double>(V), fmt::format("{} of {} items", done, V));
    if (task.save_due()) task.save(done - 1, {{"table", table}}, {{"done", std::to_string(done)}});
    task.check_stop();
  }
  task.finish(fmt::format("{} items", V));
  return table;
}

void check_augmentation_memory(const ItemReader& reader, const Prompts& prompts) {
  const ag::NoGrad no_grad;
  const std::vector<int64_t> lengths = lengths_of(prompts);
  MeasuredMemory memory(reader.llm.device(), "llm", ag::message("embedding ", prompts.items(), " items"));
  memory.measure([&] {
    const Tensor table = Tensor::zeros({prompts.items(), reader.llm.config().hidden});
    const models::SharedPrefix prefix = beginning_of(reader, prompts);
    memory.batches(std::min<int64_t>(2, prompts.items()), 1, [&](int64_t n) {
      item_states(reader, prompts, prefix, 0, n);
      return std::reduce(lengths.begin(), lengths.begin() + n);
    });
  });
  memory.check(memory.bytes(kItemsPerBatch * std::ranges::max(lengths)));
}

}  // namespace p2rec
