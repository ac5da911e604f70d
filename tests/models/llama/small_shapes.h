// Shapes of Llama that are small enough for tests.
#pragma once

#include "models/llama/llama.h"
#include "models/tokenizers/byte_tokenizer.h"

namespace testing {

// The model of the fixtures.
inline models::LlamaConfig tiny_config() {
  models::LlamaConfig config;
  config.vocabulary = 96;
  config.hidden = 32;
  config.intermediate = 48;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.tied = true;
  return config;
}

// A model on bytes.
inline models::LlamaConfig byte_config(int64_t layers) {
  models::LlamaConfig config;
  config.vocabulary = models::ByteTokenizer().vocabulary();
  config.hidden = 8;
  config.intermediate = 12;
  config.layers = layers;
  config.heads = 2;
  config.kv_heads = 1;
  return config;
}

}  // namespace testing
