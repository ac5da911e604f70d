// A language model out of a GGUF file, as llama.cpp's convert_hf_to_gguf.py writes it.
#pragma once

#include <memory>

#include "models/formats/gguf.h"
#include "models/llama/llama.h"
#include "models/tokenizers/tokenizer.h"

namespace models {

// --- the model: architectures `llama` and `qwen2` ----------------------------------------------------------

// What the file says about its model. Strict: every tensor is used and every parameter found in its shape;
// what the model cannot do is refused by name. Throws ag::InputError naming the file.
LlamaConfig checked_gguf_config(const GgufFile& file);

// The model with that configuration, frozen. Refused, before memory is asked for, where it does not fit.
std::unique_ptr<Llama> load_gguf_model(const GgufFile& file, const LlamaConfig& config);

// --- the tokenizer -----------------------------------------------------------------------------------------

// Byte-level BPE (tokenizer.ggml.model "gpt2"; tokenizer.ggml.pre says how text is split, see pre_split.h) or
// SentencePiece's BPE ("llama"). Throws ag::InputError naming the file and the key that is missing or wrong.
std::unique_ptr<Tokenizer> tokenizer_from_gguf(const GgufFile& file);

// Writes a tokenizer.json (tokenizer_json.h) that tokenizes as the file's byte-level BPE does. Throws
// ag::InputError for another tokenizer and ag::Error if the file cannot be written.
void write_tokenizer_json(const nn::Path& file, const GgufFile& gguf);

}  // namespace models
