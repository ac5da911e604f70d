// SentencePiece's byte-pair encoding (Kudo and Richardson 2018, arXiv 1808.06226), as in Llama 2, TinyLlama
// and Mistral: it merges characters, and a space is the character U+2581, which looks like a low line.
//
// A character without a token becomes the tokens of its bytes ("<0xE2>"), or the unknown token where the
// vocabulary has none for bytes. decode keeps the space that encode puts before a text.
#pragma once

#include <array>

#include "models/tokenizers/bpe_tokenizer.h"

namespace models {

constexpr const char* kSpaceMark = "\u2581";

// Hugging Face's Metaspace: spaces become U+2581, and one is put before a text that does not begin with it.
struct Metaspace {
  enum class Prepend { Always, First, Never };  // First: only at the beginning of the whole text
  Prepend prepend = Prepend::Always;
  bool split = true;  // every U+2581 begins a word; else the text between added tokens is one word
};

struct SentencePieceOptions {
  // How pairs merge. Without scores: by the vocabulary's list of merges, as in tokenizer.json. With a score
  // for each token: neighbours whose text together is a normal token, the highest score first.
  std::vector<double> scores;
  bool byte_tokens = false;            // "<0x00>" to "<0xFF>" stand for bytes
  std::optional<Metaspace> metaspace;  // after normalisation
};

class SentencePieceBpe : public BpeTokenizer {
 public:
  // Throws ag::InputError as BpeTokenizer and for: not all 256 byte tokens, scores that are no numbers or not
  // one per token, an unused token that merging by scores could reach.
  SentencePieceBpe(const BpeVocabulary& vocabulary, const SentencePieceOptions& options);

 private:
  void append_text(std::string_view text, bool first, Ids& ids) const override;
  Ids symbols_of(std::string_view word) const override;
  Ids merge_word(std::string_view word) const override;
  Ids merge_by_scores(std::string_view word) const;
  void append_bytes(std::string_view character, bool after_unknown, Ids& ids) const;
  void read_scores(const BpeVocabulary& vocabulary, const std::vector<double>& scores);

  std::optional<Metaspace> metaspace_;
  bool ignore_merges_, by_scores_;
  std::vector<int32_t> ranks_;  // by id, with scores: 0 is the highest; -1: nothing merges to it
  std::optional<std::array<int32_t, 256>> bytes_;  // the byte tokens
};

// "<0xAB>" as the byte; nothing for another text.
std::optional<uint8_t> byte_of_token(std::string_view token);

}  // namespace models
