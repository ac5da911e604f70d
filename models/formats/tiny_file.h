// The file of the tiny model that a run trains from scratch: safetensors, with the configuration as JSON in
// the metadata under "config". Its tokenizer is the byte tokenizer.
#pragma once

#include <memory>

#include "models/llama/llama.h"

namespace models {

// Frozen. As strict as the other loaders. Throws ag::InputError naming the file.
std::unique_ptr<Llama> load_tiny_model(const nn::Path& file);

// What the file says about its model, checked against its tensors. Throws ag::InputError naming the file.
LlamaConfig checked_tiny_config(const nn::Path& file);

// Throws ag::Error for another vocabulary and for what no run trains (biases, a stated head size, scaled
// positions).
void write_tiny_llm(const nn::Path& file, const Llama& model, nn::Metadata metadata = {});

}  // namespace models
