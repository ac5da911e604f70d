// p2rec llm merge: a model with an adapter as a Hugging Face folder.
#pragma once

#include "nn/io/files.h"

namespace p2rec {

// Adds a PEFT adapter to the model's weights and writes a folder that transformers loads: config.json,
// model.safetensors, tokenizer.json, tokenizer_config.json, and generation_config.json where there is an end
// token. `llm`: a GGUF file or a Hugging Face folder; without an adapter it is converted. The folder `out`
// appears whole or not at all; one that holds something is refused. Throws ag::InputError.
void llm_merge(const nn::Path& llm, const nn::Path& adapter, const nn::Path& out);

}  // namespace p2rec
