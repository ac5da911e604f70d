// Hugging Face's tokenizer.json (the Python package tokenizers writes and reads it).
#pragma once

#include <memory>

#include "models/tokenizers/bpe_tokenizer.h"
#include "models/tokenizers/pre_split.h"
#include "nn/io/files.h"

namespace models {

// Supported is BPE as the Llama, Qwen2 and Mistral families have it: byte-level with one of the ways to split
// that pre_split.h lists, or SentencePiece's (Prepend and Replace as normaliser, or Metaspace). Equal to the
// Python package; truncation and padding are ignored. The tokens around a text are those of the
// post_processor: beside a tokenizer.json, transformers 5 ignores add_bos_token and add_eos_token of
// tokenizer_config.json. The end tokens are the eos_token of tokenizer_config.json and the eos_token_id of
// generation_config.json (else of config.json) beside the file.
//
// Throws ag::InputError naming the file, the entry in it and what is supported.
std::unique_ptr<Tokenizer> tokenizer_from_json(const nn::Path& file);

// Writes a tokenizer.json that tokenizes as ByteLevelBpe of this vocabulary and rule and that transformers'
// PreTrainedTokenizerFast loads. Throws ag::InputError naming vocabulary.file for a token that is not valid
// UTF-8, and ag::Error if the file cannot be written.
void write_tokenizer_json(const nn::Path& file, const BpeVocabulary& vocabulary, const PreSplitRule& rule);

// The entry "pre_tokenizer" of a tokenizer.json that splits by this rule.
std::string pre_tokenizer_json(const PreSplitRule& rule);

}  // namespace models
