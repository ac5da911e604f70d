// Byte-level byte-pair encoding, as in GPT-2 (Radford et al. 2019): it can encode any text.
//
// A text is cut into words (pre_split.h). Initially a word has one token per byte. Then the neighbouring pair
// that comes first in the list of merges is replaced by its merged token, until no pair is left. Vocabulary
// files write each byte as a printable character: 'A' as itself, a space as U+0120, and so on.
#pragma once

#include <array>

#include "models/tokenizers/bpe_tokenizer.h"
#include "models/tokenizers/pre_split.h"

namespace models {

class ByteLevelBpe : public BpeTokenizer {
 public:
  // The vocabulary writes tokens in byte characters, special tokens as they are. A byte without a token
  // (SmolLM2 has none for bytes that never occur in UTF-8, nor for a few rare ones) becomes the unknown token
  // or, if there is none, is left out, as in the Python package tokenizers.
  ByteLevelBpe(const BpeVocabulary& vocabulary, const PreSplitRule& rule);

 private:
  void append_text(std::string_view text, bool first, Ids& ids) const override;
  Ids symbols_of(std::string_view word) const override;
  Ids merge_word(std::string_view word) const override;

  PreSplit split_;
  bool ignore_merges_;
  std::array<int32_t, 256> byte_ids_{};  // kNoToken: the byte has no token
};

}  // namespace models
