// The file of the tiny model that a run trains from scratch: safetensors, with the configuration as JSON in
// the metadata, "config". The model has the byte tokenizer.
#pragma once

#include <memory>

#include "models/llama/llama.h"

namespace models {

// Loads the model, frozen. As strict as the other loaders. Throws ag::InputError, which names the file.
std::unique_ptr<Llama> load_tiny_model(const nn::Path& file);

// The file's configuration, checked against its tensors. Throws ag::InputError, which names the file.
LlamaConfig checked_tiny_config(const nn::Path& file);

// Writes the file. Throws ag::Error for another vocabulary, and for biases, a stated head size or scaled
// positions, which no run trains.
void write_tiny_llm(const nn::Path& file, const Llama& model, nn::Metadata metadata = {});

}  // namespace models
