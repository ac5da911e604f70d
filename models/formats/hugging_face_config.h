// config.json of a Hugging Face folder.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "models/llama/llama.h"
#include "nn/io/files.h"

namespace models {

// What config.json says. Both spellings are read: rope_theta and rope_scaling (transformers 4), rope_parameters (5). What
// would make another model of it than Llama is refused by name: other activations, biases of llama and mistral, sliding
// windows shorter than the context, kinds of scaled rotary positions other than linear, llama3 and a longrope that does not
// depend on the length, quantised weights. Throws ag::InputError naming the file.
LlamaConfig read_hugging_face_config(const nn::Path& file);

// config.json of a model. `base` is the config.json that it came from, whose other keys are kept, or empty. `token_ids`: further
// keys ("eos_token_id").
void write_hugging_face_config(const nn::Path& file, const LlamaConfig& config, const nn::Path& base = {},
                               const std::map<std::string, int64_t>& token_ids = {});

}  // namespace models
