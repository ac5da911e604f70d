// A language model on bytes with random weights, small enough for tests.
#pragma once

#include "models/formats/language_model.h"
#include "models/tokenizers/byte_tokenizer.h"

namespace testing {

inline models::LanguageModel small_llm(int64_t hidden = 16) {
  models::LlamaConfig config;
  config.vocabulary = models::ByteTokenizer().vocabulary();
  config.hidden = hidden;
  config.intermediate = 2 * hidden;
  config.layers = 2;
  config.heads = 2;
  config.kv_heads = 1;
  models::LanguageModel llm;
  llm.tokenizer = std::make_unique<models::ByteTokenizer>();
  llm.model = std::make_unique<models::Llama>(config);
  models::initialise(*llm.model, 0.3, 1);
  llm.model->requires_grad(false);
  return llm;
}

}  // namespace testing
