// A language model as the pipeline uses it: weights and tokenizer out of one file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "models/llama.h"
#include "models/tokenizer.h"
#include "nn/safetensors.h"

namespace models {

struct LanguageModel {
  std::unique_ptr<Llama> model;  // frozen: no parameter asks for a gradient
  std::unique_ptr<Tokenizer> tokenizer;
  std::string name;  // as the file calls it, else the file's own name
};

// From a GGUF file of the architecture `llama`, or from what write_tiny_llm wrote; which one shows in the content.
// Strict: every tensor of the file is used and every parameter filled. What the model cannot do (scaled rotary
// positions, biases, experts) is refused by name. All sizes are checked against the tensors in the file before
// memory for the model is asked for, and a model that does not fit into memory is refused. Throws ag::InputError naming
// the file.
LanguageModel load_language_model(const nn::Path& file);

// The bytes of such a file's parameters once they are loaded, from its header alone.
int64_t parameter_bytes(const nn::Path& file);

// Only the tokenizer of such a file.
std::unique_ptr<Tokenizer> load_tokenizer(const nn::Path& file);

// The model with the byte tokenizer that a run trains from scratch: safetensors, the configuration in the metadata
// under "config". Throws ag::Error for a model of another vocabulary.
void write_tiny_llm(const nn::Path& file, const Llama& model, nn::Metadata metadata = {});

}  // namespace models
