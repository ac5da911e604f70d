// A Llama out of a GGUF file: architectures `llama` and `qwen2`, as llama.cpp's convert_hf_to_gguf.py writes them.
#pragma once

#include <memory>

#include "models/gguf.h"
#include "models/llama.h"

namespace models {

// Frozen. Strict: every tensor of the file is used and every parameter filled; what the model cannot do is refused by name.
// All sizes are checked against the tensors in the file before memory for the model is asked for. Throws ag::InputError
// naming the file.
std::unique_ptr<Llama> load_gguf_model(const GgufFile& file);

}  // namespace models
