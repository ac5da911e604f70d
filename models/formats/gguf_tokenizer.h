// The tokenizer that a GGUF file carries: byte-level BPE (tokenizer.ggml.model "gpt2"; tokenizer.ggml.pre says how text is
// split, see pre_split.h) or SentencePiece's BPE ("llama"). tokenizer_json.h reads Hugging Face's files.
#pragma once

#include <memory>

#include "models/formats/gguf.h"
#include "models/tokenizers/tokenizer.h"

namespace models {

// Throws ag::InputError naming the file and the key that is missing, inconsistent or not supported.
std::unique_ptr<Tokenizer> tokenizer_from_gguf(const GgufFile& file);

// Writes a tokenizer.json (write_tokenizer_json.h) that tokenizes as the file's byte-level BPE does. Throws ag::InputError for
// another tokenizer and ag::Error if the file cannot be written.
void write_tokenizer_json(const nn::Path& file, const GgufFile& gguf);

}  // namespace models
