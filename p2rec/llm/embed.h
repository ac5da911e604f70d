// Embeddings from a language model: of prompts, and of items as new tokens.
#pragma once

#include <functional>
#include <vector>

#include "models/llama/llama.h"
#include "p2rec/task/task.h"

namespace p2rec {

// The state that stands for a prompt: its last token's, or the mean over its tokens.
enum class Pooling : uint8_t { Last, Average };

// A language model with new item tokens. It does not own the model.
struct ItemReader {
  const models::Llama& llm;
  ag::Tensor item_tokens = {};  // (V,C): for ids >= the vocabulary; undefined: prompts have none
  Pooling pooling = Pooling::Last;
};

// The root mean square of the model's token table.
double token_rms(const models::Llama& llm);
// Initial values (V,C) of new item tokens: N(0,s), s = token_rms(llm).
ag::Tensor initial_item_tokens(const models::Llama& llm, int64_t items, uint64_t seed);

// The input vectors (N,C) of token ids (N).
ag::Tensor embed_prompt(const ItemReader& reader, const ag::Tensor& ids);

// The batch with its positions counted on from the end of a prefix, which comes before each sequence.
nn::Packed after_prefix(nn::Packed x, const models::SharedPrefix& prefix);

// States (B,C) of the prompts after the final norm. `prefix`, if given, comes before each prompt; the prompts
// do not contain it, and their positions count from 0. Throws ag::Error for a prefix with average pooling.
ag::Tensor prompt_states(const ItemReader& reader, nn::Packed prompts,
                         const models::SharedPrefix* prefix = nullptr);

using PromptOfItem = std::function<std::vector<int32_t>(int64_t item)>;
// The first items of the batches that embed_items() runs, and then `items`. The prompts of a batch have up to
// kTokensEmbeddedTogether tokens; a longer one is by itself.
constexpr int64_t kTokensEmbeddedTogether = 1024;
std::vector<int64_t> embedding_batches(int64_t items, const PromptOfItem& prompt_of);
// The states (V,C) of one prompt per item, a batch at a time on each of the task's ranks. Saves and resumes.
ag::Tensor embed_items(const ItemReader& reader, int64_t items, const PromptOfItem& prompt_of,
                       const models::SharedPrefix* prefix, const Task& task);

}  // namespace p2rec
