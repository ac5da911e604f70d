// Writing Hugging Face's tokenizer.json.
#pragma once

#include "models/tokenizers/bpe_tokenizer.h"
#include "models/tokenizers/pre_split.h"
#include "nn/io/files.h"

namespace models {

// Writes a tokenizer.json that tokenizes as ByteLevelBpe of this vocabulary and rule does and that transformers'
// PreTrainedTokenizerFast loads. It adds no special tokens. Throws ag::InputError naming vocabulary.file for a token that is
// not valid UTF-8, and ag::Error if the file cannot be written.
void write_tokenizer_json(const nn::Path& file, const BpeVocabulary& vocabulary, const PreSplitRule& rule);

// The entry "pre_tokenizer" of a tokenizer.json that splits by this rule.
std::string pre_tokenizer_json(const PreSplitRule& rule);

}  // namespace models
