// Byte-level byte-pair encoding, as in GPT-2 (Radford et al. 2019, after Sennrich et al., arXiv 1508.07909).
//
// A text is cut at special tokens, then into words (pre_split.h). A word begins as its bytes, one token each;
// then the neighbouring pair that stands first in the list of merges is replaced by its merged token, until
// none is left. The vocabulary's files write each byte as a printable character: 'A' as itself, a space as
// U+0120, and so on.
#pragma once

#include <array>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "models/pre_split.h"
#include "models/tokenizer.h"

namespace models {

struct BpeVocabulary {
  std::string file;                 // for messages
  std::string pre;                  // how text is split into words, see pre_split.h
  std::vector<std::string> tokens;  // by id; bytes as printable characters, special tokens as they are
  std::vector<int64_t> types;       // by id, as in tokenizer.ggml.token_type; empty: all are normal
  std::vector<std::string> merges;  // "left right", the first one merges first
  std::optional<int64_t> end_of_text;
};

class BpeTokenizer : public Tokenizer {
 public:
  // Throws ag::InputError naming vocabulary.file: two equal tokens, a merge of unknown tokens, and so on.
  explicit BpeTokenizer(const BpeVocabulary& vocabulary);

  // Control and user-defined tokens written in the text are found first, from the left, the longest one where
  // several begin. A byte without a token (SmolLM2 has none for bytes that no UTF-8 text holds, nor for a few
  // rare ones) is left out, as the Python package tokenizers does.
  std::vector<int32_t> encode(std::string_view text) const override;
  std::string decode(std::span<const int32_t> ids) const override;
  int64_t vocabulary() const override { return static_cast<int64_t>(bytes_.size()); }
  std::optional<int32_t> end_of_text() const override { return end_of_text_; }

 private:
  struct Merge {
    int32_t rank, id;
  };
  struct Special {
    std::string text;
    int32_t id;
  };
  using Ids = std::vector<int32_t>;

  void read_tokens(const BpeVocabulary& vocabulary);
  void read_merges(const BpeVocabulary& vocabulary);
  const Merge* find_merge(int32_t left, int32_t right) const;
  const Special* special_at(std::string_view text) const;
  void append_words(std::string_view text, Ids& ids) const;
  void append_word(std::string_view word, Ids& ids) const;
  Ids merge_word(std::string_view word) const;

  std::vector<std::string> bytes_;                  // by id: what decode writes
  std::unordered_map<std::string, int32_t> ids_;    // by the token's text in the vocabulary
  std::array<int32_t, 256> byte_ids_{};             // -1: no token
  std::unordered_map<uint64_t, Merge> merges_;      // by left id * 2^32 + right id
  std::array<std::vector<Special>, 256> specials_;  // by first byte, longest first
  std::optional<int32_t> end_of_text_;
  PreSplit split_;

  // Texts repeat their words. Only short words are kept, and no more once the cache is full.
  mutable std::shared_mutex cache_mutex_;
  mutable std::unordered_map<std::string, Ids> cache_;
};

}  // namespace models
