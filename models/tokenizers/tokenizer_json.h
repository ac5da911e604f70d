// Hugging Face's tokenizer.json (the Python package tokenizers writes and reads it).
#pragma once

#include <memory>

#include "models/tokenizers/bpe_tokenizer.h"
#include "models/tokenizers/pre_split.h"
#include "nn/io/files.h"

namespace models {

// Supported is BPE as the Llama, Qwen2 and Mistral families have it: byte-level with one of the ways to split
// that pre_split.h lists, or SentencePiece's (Prepend and Replace as normaliser, or Metaspace). Equal to the
// Python package with add_special_tokens=False: the post_processor is ignored, as are truncation and padding.
// The end of text comes from the first of tokenizer_config.json, generation_config.json and config.json
// beside the file that names one, of a list of ids the first; without any there is none.
//
// Throws ag::InputError naming the file, the entry in it and what is supported.
std::unique_ptr<Tokenizer> tokenizer_from_json(const nn::Path& file);

// Writes a tokenizer.json that tokenizes as ByteLevelBpe of this vocabulary and rule and that transformers'
// PreTrainedTokenizerFast loads. It adds no special tokens. Throws ag::InputError naming vocabulary.file for
// a token that is not valid UTF-8, and ag::Error if the file cannot be written.
void write_tokenizer_json(const nn::Path& file, const BpeVocabulary& vocabulary, const PreSplitRule& rule);

// The entry "pre_tokenizer" of a tokenizer.json that splits by this rule.
std::string pre_tokenizer_json(const PreSplitRule& rule);

}  // namespace models
