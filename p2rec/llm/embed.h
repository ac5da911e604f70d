// Vectors out of a language model: of prompts, and of items that its vocabulary lacks.
#pragma once

#include <functional>
#include <vector>

#include "models/llama/llama.h"
#include "p2rec/task/task.h"

namespace p2rec {

// A language model that reads new item tokens beside its own. The model belongs to the caller.
struct ItemReader {
  const models::Llama& llm;
  ag::Tensor item_tokens = {};  // (V,C): of ids at and above the vocabulary; undefined: prompts hold none
};

// Starting values (V,C) of new item tokens: N(0, s), s the standard deviation of the model's own token table.
ag::Tensor initial_item_tokens(const models::Llama& llm, int64_t items, uint64_t seed);

// Vectors (N,C) of token ids.
ag::Tensor embed_prompt(const ItemReader& reader, const ag::Tensor& ids);

// States (B,C) of the prompts' last tokens, after the final norm; records history unless under NoGrad.
// `prefix`, if given, is what all prompts begin with, and they lack it; their positions count from zero.
ag::Tensor prompt_states(const ItemReader& reader, nn::Packed prompts,
                         const models::SharedPrefix* prefix = nullptr);

// The same of one prompt for each item, kItemsEmbeddedTogether at a time: (V,C). Saves and resumes.
constexpr int64_t kItemsEmbeddedTogether = 64;
using PromptOfItem = std::function<std::vector<int32_t>(int64_t item)>;
ag::Tensor embed_items(const ItemReader& reader, int64_t items, const PromptOfItem& prompt_of,
                       const models::SharedPrefix* prefix, const Task& task);

}  // namespace p2rec
