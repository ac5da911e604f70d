// p2rec llm merge: merges an adapter into a model and writes a Hugging Face folder.
#pragma once

#include "nn/io/files.h"

namespace p2rec {

struct MergeOptions {
  std::string dtype = {};  // "bfloat16", ...; empty: as in the model's file, float32 if quantised
  int64_t shard_bytes = 5'000'000'000;  // maximum size of one file of weights
};

// Merges a PEFT adapter into the weights and writes a folder that transformers loads: config.json,
// model.safetensors (or shards and their index), tokenizer.json, tokenizer_config.json, and
// generation_config.json if there is an end token. `llm` is a GGUF file or a Hugging Face folder. An empty
// `adapter` only converts. `out` must be new or empty; it gets its name when it is complete. Returns the
// dtype that config.json names. Throws ag::InputError.
std::string llm_merge(const nn::Path& llm, const nn::Path& adapter, const nn::Path& out,
                      const MergeOptions& options = {});

}  // namespace p2rec
