#include "p2rec/methods/llmemb/contrastive_tuning.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "autograd/ops.h"
#include "p2rec/llm/token_batches.h"
#include "p2rec/methods/llmemb/contrastive_loss.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr uint32_t kDropStream = ag::stream("attribute dropout");

// The input of finetune(): an example is an item.
Finetuning finetuning_of(const models::Llama& llm, const Tensor& tau, const ItemPrompts& prompts,
                         const Interactions& data, const ContrastiveTuningConfig& config) {
  Finetuning result;
  for (int64_t item = 0; item < data.items(); ++item) {
    if (held_out(data.item_ids[static_cast<size_t>(item)])) {
      result.heldout.push_back(item);
    } else {
      result.examples.push_back(item);
      result.lengths.push_back(2 * std::ssize(prompts.whole(item)));  // at most: copies are shorter
    }
  }
  INPUT_CHECK(result.examples.size() >= 2 && !result.heldout.empty(), data.source, ": found ",
              result.examples.size(), " training items and ", result.heldout.size(),
              " held-out items; expected at least two and one; hint: use data with dozens of items");
  // A batch has fewer tokens than the mean by at most the longest item.
  const int64_t longest = std::ranges::max(result.lengths),
                batches = batches_per_epoch(result.lengths, config.finetune.tokens);
  INPUT_CHECK(
      batches == 1 || std::reduce(result.lengths.begin(), result.lengths.end()) / batches > 2 * longest,
      "sft-tokens: found ", config.finetune.tokens, ", but the two copies of the longest item have ", longest,
      "; expected more than two items in a batch, which the contrastive loss compares");
  result.trained = {{{{"tau", tau}}, config.finetune.lr}};
  result.loss = [=, &llm, &prompts](std::span<const int64_t> batch, const BatchPart& part,
                                    const nn::DropoutContext& dropout) -> PartLoss {
    if (!part.is_last()) return {};
    std::vector<std::vector<int32_t>> texts;  // all first copies, then all second copies
    for (const int copy : {0, 1}) {
      for (const int64_t item : batch)
        texts.push_back(prompts.copy(item, copy, config.drop, dropout.key(kDropStream)));
    }
    nn::Packed x = nn::pack(texts);
    x.dropout = dropout;
    const Tensor states = prompt_states({llm, {}, config.pooling}, x);
    const auto B = std::ssize(batch);
    return {contrastive_loss(ag::slice(states, 0, 0, B), ag::slice(states, 0, B, 2 * B), tau), B, B};
  };
  return result;
}

Tensor initial_tau(const models::Llama& llm, const ContrastiveTuningConfig& config) {
  return Tensor::full({1}, static_cast<ag::real>(config.tau), llm.device()).set_requires_grad();
}

}  // namespace

void describe(ContrastiveTuningConfig& config, const nn::Visit& visit) {
  describe(config.finetune, visit);
  nn::visit_choice(visit, {"pooling", "what stands for a prompt: the mean of its states, or the last one"},
                   config.pooling, {{"average", Pooling::Average}, {"last", Pooling::Last}});
  visit({"attribute-dropout",
         "share of an item's attributes that a copy drops; of its words if it has only one", nn::kShare},
        &config.drop);
  visit({"tau", "initial temperature of the contrastive loss, which is trained", nn::kPositive}, &config.tau);
}

void check(const ContrastiveTuningConfig& config) {
  INPUT_CHECK(config.finetune.batch_parts == 1, "sft-batch-parts: found ", config.finetune.batch_parts,
              "; expected 1, because the contrastive loss compares all items of a batch; hint: a smaller "
              "sft-tokens");
}

ContrastiveTuning tune_contrastively(models::Llama& llm, const ItemPrompts& prompts, const Interactions& data,
                                     const ContrastiveTuningConfig& config, const Task& task) {
  const Tensor tau = initial_tau(llm, config);
  const Finetuning finetuning = finetuning_of(llm, tau, prompts, data, config);
  const int64_t tokens = std::reduce(finetuning.lengths.begin(), finetuning.lengths.end());
  task.announce(fmt::format("{}, {} held out, at most {} per epoch, {}",
                            counted(std::ssize(finetuning.examples), "item"), finetuning.heldout.size(),
                            counted(tokens, "token"), counted(config.finetune.epochs, "epoch")));
  const FinetuneLosses losses = finetune(llm, config.finetune, finetuning, task);
  task.finish(fmt::format("held-out loss {:.4f}, tau {:.3f}", losses.heldout, tau.item()));
  return {losses, tau.item(), tokens * config.finetune.epochs};
}

int64_t check_contrastive_memory(models::Llama& llm, const ItemPrompts& prompts, const Interactions& data,
                                 const ContrastiveTuningConfig& config) {
  return check_finetuning_memory(llm, config.finetune,
                                 finetuning_of(llm, initial_tau(llm, config), prompts, data, config));
}

Tensor embed_whole_items(const models::Llama& llm, const ItemPrompts& prompts, Pooling pooling,
                         const Task& task) {
  return embed_items(
      {llm, {}, pooling}, prompts.items(), [&](int64_t item) { return prompts.whole(item); }, nullptr, task);
}

}  // namespace p2rec
