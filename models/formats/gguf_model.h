// A language model from a GGUF file, in the form of llama.cpp's convert_hf_to_gguf.py.
#pragma once

#include <memory>

#include "models/formats/gguf.h"
#include "models/llama/llama.h"
#include "models/tokenizers/tokenizer.h"

namespace models {

// --- the model: architectures `llama`, `qwen2` and `qwen3` -------------------------------------------------

// The file's model configuration. Strict: every tensor must be used, and every parameter must be there with
// its shape. Throws ag::InputError, which names the file and what is wrong or not supported.
LlamaConfig checked_gguf_config(const GgufFile& file);

// The model with that configuration, frozen. Throws ag::InputError, before it allocates memory, if the model
// does not fit into memory.
std::unique_ptr<Llama> load_gguf_model(const GgufFile& file, const LlamaConfig& config);

// --- the tokenizer -----------------------------------------------------------------------------------------

// Byte-level BPE (tokenizer.ggml.model "gpt2"; tokenizer.ggml.pre names the pre-tokenizer, see pre_split.h)
// or SentencePiece's BPE ("llama"). Throws ag::InputError, which names the file and the missing or wrong key.
std::unique_ptr<Tokenizer> tokenizer_from_gguf(const GgufFile& file);

// Writes a tokenizer.json (tokenizer_json.h) that gives the same ids as the file's byte-level BPE. Throws
// ag::InputError for another tokenizer, and ag::Error if the file cannot be written.
void write_tokenizer_json(const nn::Path& file, const GgufFile& gguf);

}  // namespace models
