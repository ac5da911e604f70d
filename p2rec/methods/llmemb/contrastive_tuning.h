// Stage 1 of LLMEmb, supervised contrastive fine-tuning: a language model learns to tell items apart, each
// from another copy of its own attributes.
//
//   x_i, y_i = pooled states of the two copies of item i
//   loss = contrastive_loss(X, Y, tau) over the items of a batch, tau a trained number
//
// item_prompts.h makes the copies, contrastive_loss.h has the loss.
//
// From the code: LoRA r 8, alpha 32, dropout 0.1 on all seven linear layers, learning rate 2e-4 also for tau,
// tau starts at 3, average pooling over all tokens ("last" is the alternative), batches of 32 on each of four
// devices. Ours: one device, batches of 2,048 tokens in both copies (about 32 items), epochs instead of 4,000
// steps, the cosine schedule of finetune.h, and a tenth of the items held out, whose loss is reported.
#pragma once

#include "p2rec/llm/embed.h"
#include "p2rec/llm/finetune.h"
#include "p2rec/methods/llmemb/item_prompts.h"

namespace p2rec {

struct ContrastiveTuningConfig {
  FinetuneConfig finetune{.lora = {.rank = 8, .alpha = 32, .dropout = 0.1}, .lr = 2e-4, .tokens = 2048};
  Pooling pooling = Pooling::Average;
  double drop = 0.4;  // share of the attributes that a copy drops
  double tau = 3;     // initial temperature
};
void describe(ContrastiveTuningConfig& config, const nn::Visit& visit);
// Throws ag::InputError for a batch in parts: the loss compares all items of a batch.
void check(const ContrastiveTuningConfig& config);

struct ContrastiveTuning {
  FinetuneLosses losses;
  double tau = 0;      // after the training
  int64_t tokens = 0;  // read in training
};

// Attaches LoRA to the model and trains it. Throws ag::InputError unless there are at least two items to
// train on and one held out, and if a batch might have a single item.
ContrastiveTuning tune_contrastively(models::Llama& llm, const ItemPrompts& prompts, const Interactions& data,
                                     const ContrastiveTuningConfig& config, const Task& task = {});

// check_finetuning_memory for tune_contrastively().
int64_t check_contrastive_memory(models::Llama& llm, const ItemPrompts& prompts, const Interactions& data,
                                 const ContrastiveTuningConfig& config);

// (V,C): the pooled state of each item's whole prompt.
ag::Tensor embed_whole_items(const models::Llama& llm, const ItemPrompts& prompts, Pooling pooling,
                             const Task& task = {});

}  // namespace p2rec
