// Instance-level fine-tuning, the usual way to teach a language model to recommend. The user-level
// fine-tuning of a method can be compared with it. An instance is one training interaction: its prompt
// holds the items before it, and the language model learns to name its item.
//
//   h_b = hidden state of the last token of instance b's prompt, after the final norm
//   loss = mean over instances of -log softmax(E h_b)[item_b],   E (V,C) the rows of the item tokens
//
// So a user costs one prompt for each training interaction but the first, where user-level fine-tuning costs
// one prompt.
#pragma once

#include <vector>

#include "p2rec/llm/embed.h"
#include "p2rec/llm/finetune.h"
#include "p2rec/llm/prompts.h"

namespace p2rec {

// An interaction of a training part: item `place` >= 1, after the `place` items before it.
struct Instance {
  int64_t user, place;
};
// All of them, user by user. A user's first interaction has no history, so it is not one.
std::vector<Instance> training_instances(const Interactions& data);

// The loss () of prompts, of which prompt b is to be followed by item items[b]; items (B) I32. Throws
// ag::Error for a reader without item tokens.
ag::Tensor next_item_loss(const ItemReader& reader, const nn::Packed& prompts, const ag::Tensor& items);

// The input of finetune(): example i is training_instances(data)[i]. Trains the item tokens beside LoRA, with
// the learning rate `item_lr`. Held out are the instances of held-out users. Refers to prompts and data.
Finetuning instance_level(const ItemReader& reader, const Prompts& prompts, const Interactions& data,
                          double item_lr);

}  // namespace p2rec
