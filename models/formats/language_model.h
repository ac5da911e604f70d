// A language model for the pipeline: weights and tokenizer from one file or folder.
#pragma once

#include <memory>
#include <string>

#include "models/llama/llama.h"
#include "models/tokenizers/tokenizer.h"
#include "nn/io/files.h"

namespace models {

struct LanguageModel {
  std::unique_ptr<Llama> model;  // frozen: no parameter requires grad
  std::unique_ptr<Tokenizer> tokenizer;
  std::string name;  // the name in the file, else the file's name
};

// Loads a language model from
//   a GGUF file of the architecture `llama`, `qwen2` or `qwen3` (gguf_model.h),
//   a Hugging Face folder of the model type llama, mistral, qwen2 or qwen3 (hugging_face.h), or
//   the tiny_llm.safetensors of a run (tiny_file.h).
// The content determines the format. Strict: every tensor must be used and every parameter must be there. All
// sizes are checked against the tensors before memory for the model is allocated. Throws ag::InputError,
// which names the file, if the model is damaged, does not fit into memory, or is not supported (other scaled
// rotary positions, sliding windows, experts).
LanguageModel load_language_model(const nn::Path& path);

// The parts of a model that can be checked without reading the weights.
struct CheckedModel {
  LlamaConfig config;
  std::unique_ptr<Tokenizer> tokenizer;  // may have more tokens than the model's table has rows
};
CheckedModel check_language_model(const nn::Path& path);

// Throws ag::InputError, which quotes `text`, if one of its ids has no row in a token table with `rows` rows.
void need_rows(const std::vector<int32_t>& ids, int64_t rows, const std::string& text);

// The type of each parameter in a GGUF file or Hugging Face folder, with safetensors' names; F32 for
// quantised types.
nn::StoredTypes stored_types(const nn::Path& path);

// Loads only the tokenizer of such a file or folder.
std::unique_ptr<Tokenizer> load_tokenizer(const nn::Path& path);

// True for a folder, a safetensors file, and a file that begins as GGUF does.
bool may_be_language_model(const nn::Path& path);

// A hash of the file, of all its parts, or of a folder's configuration, weights and tokenizer, in hex.
std::string language_model_hash(const nn::Path& path);

}  // namespace models
