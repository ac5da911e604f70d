// Byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909): what its two families share. byte_level_bpe.h merges
// bytes (GPT-2, Llama 3, Qwen2, SmolLM2), sentencepiece_bpe.h merges characters (Llama 2, TinyLlama, Mistral).
//
// A text is cut at added tokens written in it; what lies between is normalised, cut at those added tokens that are
// looked for in normalised text, then into words; each word is merged for itself.
#pragma once

#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "models/tokenizers/bpe_merges.h"
#include "models/tokenizers/normalizer.h"
#include "models/tokenizers/token_finder.h"
#include "models/tokenizers/tokenizer.h"

namespace models {

// The numbers of tokenizer.ggml.token_type.
enum TokenType : int64_t { kUndefined, kNormal, kUnknown, kControl, kUserDefined, kUnused, kByte };

// A token that is recognised where it is written in a text, as it stands or (normalized) after normalisation.
struct AddedToken {
  int64_t id;
  std::string text;  // for a normalized one: already in its normalised form
  bool normalized = false;
};

struct BpeVocabulary {
  std::string file;                                         // for messages
  std::vector<std::string> tokens;                          // by id, the added ones too
  std::vector<int64_t> types;                               // by id, a TokenType; empty: all are normal
  std::vector<std::pair<std::string, std::string>> merges;  // left, right; the first one merges first
  std::vector<AddedToken> added;
  Normalizer normalizer;
  bool ignore_merges = false;      // a word that is itself a token becomes that token at once
  std::optional<int64_t> unknown;  // stands for what has no token; without it that is left out
  bool fuse_unknown = false;       // one for a run of them
  std::optional<int64_t> end_of_text;

  TokenType type(size_t id) const { return id < types.size() ? static_cast<TokenType>(types[id]) : kNormal; }
};

class BpeTokenizer : public Tokenizer {
 public:
  std::vector<int32_t> encode(std::string_view text) const final;
  std::string decode(std::span<const int32_t> ids) const final;
  int64_t vocabulary() const final { return static_cast<int64_t>(bytes_.size()); }
  std::optional<int32_t> end_of_text() const final { return end_of_text_; }

 protected:
  using Ids = std::vector<int32_t>;

  // Throws ag::InputError naming vocabulary.file: two equal tokens, a merge of unknown tokens, an id that is none,
  // and so on. `bytes` is what decode writes for each id.
  BpeTokenizer(const BpeVocabulary& vocabulary, std::vector<std::string> bytes);

  // Normalised text without added tokens: cuts it into words and calls append_word. `first`: it begins the text.
  virtual void append_text(std::string_view text, bool first, Ids& ids) const = 0;
  // The symbols that a word begins as, as far as merges by rank go over them.
  virtual Ids symbols_of(std::string_view word) const = 0;
  // What is left after merging.
  virtual Ids merge_word(std::string_view word) const;

  void append_word(std::string_view word, Ids& ids) const;  // through the cache
  void append_unknown(Ids& symbols, bool after_another) const;
  int32_t id_of(const std::string& token) const;  // kNoToken where there is none

 private:
  void read_added(const BpeVocabulary& vocabulary);

  std::vector<std::string> bytes_;
  TokenIds ids_;
  MergeTable merges_;
  TokenFinder added_, added_normalized_;
  Normalizer normalizer_;
  std::optional<int32_t> unknown_, end_of_text_;
  bool fuse_unknown_;

  // Texts repeat their words. Only short words are kept, and no more once the cache is full.
  mutable std::shared_mutex cache_mutex_;
  mutable std::unordered_map<std::string, Ids> cache_;
};

}  // namespace models
