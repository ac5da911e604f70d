// A Llama out of a GGUF file: architectures `llama` and `qwen2`, as llama.cpp's convert_hf_to_gguf.py writes them.
#pragma once

#include <memory>

#include "models/formats/gguf.h"
#include "models/llama/llama.h"

namespace models {

// What the file says about its model. Strict: every tensor of the file is used and every parameter found; what the model
// cannot do is refused by name; all sizes are checked against the tensors in the file. Throws ag::InputError naming the file.
LlamaConfig checked_gguf_config(const GgufFile& file);

// The model whose configuration was found as above, frozen. Refused where memory will not hold it, before memory is asked for.
std::unique_ptr<Llama> load_gguf_model(const GgufFile& file, const LlamaConfig& config);

}  // namespace models
