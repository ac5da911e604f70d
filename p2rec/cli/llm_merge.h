// p2rec llm merge: a model with an adapter as a Hugging Face folder.
#pragma once

#include "nn/io/files.h"

namespace p2rec {

struct MergeOptions {
  std::string dtype = {};  // "bfloat16", ...; empty: as in the model's file, float32 if quantised
  int64_t shard_bytes = 5'000'000'000;  // of a file of weights at most
};

// Adds a PEFT adapter to the model's weights and writes a folder that transformers loads: config.json,
// model.safetensors (or shards and their index), tokenizer.json, tokenizer_config.json, and
// generation_config.json where there is an end token. `llm`: a GGUF file or a Hugging Face folder; without an
// adapter it is converted. The folder `out` appears whole or not at all; one that holds something is refused.
// Returns the type of the weights that config.json states. Throws ag::InputError.
std::string llm_merge(const nn::Path& llm, const nn::Path& adapter, const nn::Path& out,
                      const MergeOptions& options = {});

}  // namespace p2rec
