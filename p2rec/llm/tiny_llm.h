// The default language model: a small Llama on bytes, pre-trained from scratch on the catalogue's or the
// task's text, so that a whole method runs without a download.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/llama/llama.h"
#include "models/tokenizers/tokenizer.h"
#include "nn/io/describe.h"
#include "p2rec/data/interactions.h"
#include "p2rec/task/task.h"

namespace p2rec {

struct TinyLlmConfig {
  int64_t hidden = 64, intermediate = 160, layers = 3, heads = 4, kv_heads = 2;
  int64_t steps = 300, batch = 32 /*lines*/;
  double lr = 3e-3;
  uint64_t seed = 1;
};
void describe(TinyLlmConfig& config, const nn::Visit& visit);

// The model before training; its parameters do not require grad.
std::unique_ptr<models::Llama> untrained_tiny_llm(const models::Tokenizer& tokenizer,
                                                  const TinyLlmConfig& config);

// Trains next-byte prediction on lines of text, by AdamW with a cosine schedule. With interactions, a line is
// "ID: TITLE", or "ID" for an item without a title.
std::unique_ptr<models::Llama> pretrain_tiny_llm(const std::vector<std::string>& lines,
                                                 const models::Tokenizer& tokenizer,
                                                 const TinyLlmConfig& config, const Task& task = {});
std::unique_ptr<models::Llama> pretrain_tiny_llm(const Interactions& data, const models::Tokenizer& tokenizer,
                                                 const TinyLlmConfig& config, const Task& task = {});

// (N): for each token the id after it in its sequence, or -1 for a sequence's last token.
ag::Tensor next_tokens(const nn::Packed& x);

// The mean of -log p(token | the tokens before it) over all tokens but the first of each sequence, in nats.
ag::Tensor next_token_loss(const models::Llama& model, const std::vector<std::vector<int32_t>>& sequences);

}  // namespace p2rec
