// Hugging Face's tokenizer.json (the Python package tokenizers writes and reads it).
#pragma once

#include <memory>

#include "models/tokenizers/bpe_tokenizer.h"
#include "models/tokenizers/pre_split.h"
#include "nn/io/files.h"

namespace models {

// Reads the BPE tokenizers of the Llama, Qwen2 and Mistral families: byte-level with one of the rules of
// pre_split.h, or SentencePiece's (with Prepend and Replace as normaliser, or Metaspace). The ids equal those
// of the Python package; truncation and padding are ignored. The post_processor gives the tokens around a
// text: like transformers 5, this ignores add_bos_token and add_eos_token of tokenizer_config.json. The end
// tokens are the eos_token of tokenizer_config.json and the eos_token_id of generation_config.json (else of
// config.json) in the same folder.
//
// Throws ag::InputError, which names the file, the entry and what is supported.
std::unique_ptr<Tokenizer> tokenizer_from_json(const nn::Path& file);

// Writes a tokenizer.json that gives the same ids as ByteLevelBpe with this vocabulary and rule, and that
// transformers' PreTrainedTokenizerFast loads. Throws ag::InputError, which names vocabulary.file, for a
// token that is not valid UTF-8, and ag::Error if the file cannot be written.
void write_tokenizer_json(const nn::Path& file, const BpeVocabulary& vocabulary, const PreSplitRule& rule);

// The entry "pre_tokenizer" of a tokenizer.json that splits by this rule.
std::string pre_tokenizer_json(const PreSplitRule& rule);

}  // namespace models
