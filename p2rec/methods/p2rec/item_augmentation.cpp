#include "p2rec/methods/p2rec/item_augmentation.h"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/ops.h"

namespace p2rec {

using ag::Tensor;

Tensor augment_items(const ItemReader& reader, const Prompts& prompts, const Task& task) {
  const ag::NoGrad no_grad;
  constexpr int64_t kItemsPerBatch = 64;
  const int64_t V = prompts.items();
  int64_t tokens = 0;
  for (int64_t i = 0; i < V; ++i) tokens += std::ssize(prompts.virtual_user(static_cast<int32_t>(i)));
  Tensor table = Tensor::zeros({V, reader.llm.config().hidden});
  int64_t done = 0;
  if (const auto saved = task.resume()) {
    table.copy_from(saved->at("table"));
    done = std::stoll(saved->metadata.at("done"));
  }
  task.announce(fmt::format("{} virtual users, {} tokens after a shared beginning of {}", V, tokens,
                            prompts.beginning().size()));
  const models::SharedPrefix prefix =
      reader.llm.shared_prefix(embed_prompt(reader, Tensor::from_ints(prompts.beginning())));
  while (done < V) {
    const int64_t end = std::min(done + kItemsPerBatch, V);
    std::vector<std::vector<int32_t>> rest;
    for (int64_t i = done; i < end; ++i) rest.push_back(prompts.virtual_user(static_cast<int32_t>(i)));
    table.rows(done, end).copy_from(prompt_states(reader, rest, {}, &prefix));
    done = end;
    task.progress(static_cast<double>(done) / static_cast<double>(V), fmt::format("{} of {} items", done, V));
    if (task.save_due()) task.save(done - 1, {{"table", table}}, {{"done", std::to_string(done)}});
    task.check_stop();
  }
  task.finish(fmt::format("{} items", V));
  return table;
}

}  // namespace p2rec
