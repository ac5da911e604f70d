// p2rec llm merge: a model with an adapter as a Hugging Face folder.
#pragma once

#include "p2rec/cli/llm_commands.h"

namespace p2rec {

// Adds the adapter to the model's weights and writes a Hugging Face folder that transformers loads: config.json,
// model.safetensors, tokenizer.json, tokenizer_config.json, and generation_config.json where there is an end token. Without
// an adapter it converts. The folder appears whole or not at all; a folder that holds something is refused.
void llm_merge(const LlmRequest& request);

}  // namespace p2rec
