// SentencePiece's byte-pair encoding (Kudo and Richardson 2018, arXiv 1808.06226), as in Llama 2, TinyLlama
// and Mistral. It merges characters, and writes a space as U+2581, which looks like an underscore.
//
// A character without a token becomes the tokens of its bytes ("<0xE2>"), or the unknown token if the
// vocabulary has no byte tokens. decode keeps the space that encode puts before a text.
#pragma once

#include <array>

#include "models/tokenizers/bpe_tokenizer.h"

namespace models {

constexpr const char* kSpaceMark = "\u2581";

// Hugging Face's Metaspace: spaces become U+2581, and a text that does not begin with U+2581 gets one.
struct Metaspace {
  enum class Prepend { Always, First, Never };  // First: only at the beginning of the whole text
  Prepend prepend = Prepend::Always;
  bool split = true;  // true: every U+2581 begins a word; false: the text between added tokens is one word
};

struct SentencePieceOptions {
  // The order of merges. Empty: that of the vocabulary's list of merges, as in tokenizer.json. Otherwise one
  // score per token: neighbours merge if their joined text is a normal token, the highest score first.
  std::vector<double> scores;
  bool byte_tokens = false;            // "<0x00>" to "<0xFF>" are tokens of bytes
  std::optional<Metaspace> metaspace;  // applied after normalisation
};

class SentencePieceBpe : public BpeTokenizer {
 public:
  // Throws ag::InputError as BpeTokenizer does, and if one of the 256 byte tokens is missing, if there is not
  // one finite score per token, or if merging by scores could reach an unused token.
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
  std::vector<int32_t> ranks_;  // by id, from the scores: 0 is the highest score; -1: no merge makes it
  std::optional<std::array<int32_t, 256>> bytes_;  // the byte tokens
};

// The byte of "<0xAB>"; no value for another text.
std::optional<uint8_t> byte_of_token(std::string_view token);

}  // namespace models
