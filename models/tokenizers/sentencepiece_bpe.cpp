#include "models/tokenizers/sentencepiece_bpe.h"

#include <algorithm>
#include <cmath>

#include "nn/io/text.h"

namespace models {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

std::string byte_token(uint8_t byte) { return {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'}; }

std::vector<std::string> bytes_of_tokens(const BpeVocabulary& vocabulary) {
  std::vector<std::string> bytes;
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const std::string& token = vocabulary.tokens[id];
    const TokenType type = vocabulary.type(id);
    if (type == kByte) {
      const auto byte = byte_of_token(token);
      INPUT_CHECK(byte, vocabulary.file, ": token ", id, " is ", nn::quote(token),
                  ", a byte token; expected '<0x00>' to '<0xFF>'");
      bytes.emplace_back(1, static_cast<char>(*byte));
    } else {
      bytes.push_back(type == kControl || type == kUnknown
                          ? token
                          : normalize(token, {{NormalizerStep::Kind::Replace, kSpaceMark, " "}}));
    }
  }
  return bytes;
}

// Calls use(character) for each character; a byte that is not valid UTF-8 counts as one.
template <class Use>
void each_character(std::string_view text, const Use& use) {
  while (!text.empty()) {
    const size_t length = std::max<size_t>(nn::utf8_length(text), 1);
    use(text.substr(0, length));
    text.remove_prefix(length);
  }
}

}  // namespace

std::optional<uint8_t> byte_of_token(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  const size_t high = kDigits.find(token[3]), low = kDigits.find(token[4]);
  if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
  return static_cast<uint8_t>(high << 4 | low);
}

SentencePieceBpe::SentencePieceBpe(const BpeVocabulary& vocabulary, const SentencePieceOptions& options)
    : BpeTokenizer(vocabulary, bytes_of_tokens(vocabulary)),
      metaspace_(options.metaspace),
      ignore_merges_(vocabulary.ignore_merges),
      by_scores_(!options.scores.empty()) {
  if (options.byte_tokens) {
    bytes_.emplace();
    for (size_t b = 0; b < 256; ++b) {
      const std::string token = byte_token(static_cast<uint8_t>(b));
      (*bytes_)[b] = id_of(token);
      INPUT_CHECK((*bytes_)[b] != kNoToken, vocabulary.file, ": there is no token ", nn::quote(token),
                  "; expected one for each of the 256 bytes");
    }
  }
  if (by_scores_) read_scores(vocabulary, options.scores);
}

void SentencePieceBpe::read_scores(const BpeVocabulary& vocabulary, const std::vector<double>& scores) {
  const std::string& file = vocabulary.file;
  const std::vector<std::string>& tokens = vocabulary.tokens;
  INPUT_CHECK(scores.size() == tokens.size(), file, ": there are ", tokens.size(), " tokens, but ",
              scores.size(), " scores");
  std::vector<double> sorted;
  for (size_t id = 0; id < scores.size(); ++id) {
    INPUT_CHECK(std::isfinite(scores[id]), file, ": the score of token ", id, " is ", scores[id],
                "; expected a finite number");
    if (vocabulary.type(id) == kNormal) sorted.push_back(-scores[id]);
  }
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (size_t id = 0; id < scores.size(); ++id) {
    const auto place = std::lower_bound(sorted.begin(), sorted.end(), -scores[id]);
    const bool normal = vocabulary.type(id) == kNormal;
    ranks_.push_back(normal ? static_cast<int32_t>(place - sorted.begin()) : -1);
  }
  // SentencePiece also merges to unused tokens and splits them again at the end.
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (vocabulary.type(id) != kUnused) continue;
    const std::string_view token = tokens[id];
    const auto is_symbol = [&](std::string_view part) {
      const int32_t part_id = id_of(std::string(part));
      return part.size() <= std::max<size_t>(nn::utf8_length(part), 1) ||
             (part_id != kNoToken && ranks_[static_cast<size_t>(part_id)] >= 0);
    };
    size_t cut = 0;
    each_character(token, [&](std::string_view character) {
      cut += character.size();
      if (cut == token.size()) return;
      INPUT_CHECK(!is_symbol(token.substr(0, cut)) || !is_symbol(token.substr(cut)), file, ": token ", id,
                  ", ", nn::quote(std::string(token)),
                  ", is marked as unused, but others merge to it; this is not supported");
    });
  }
}

void SentencePieceBpe::append_text(std::string_view text, bool first, Ids& ids) const {
  if (!metaspace_) {
    append_word(text, ids);
    return;
  }
  std::string marked = normalize(text, {{NormalizerStep::Kind::Replace, " ", kSpaceMark}});
  const bool prepend = metaspace_->prepend == Metaspace::Prepend::Always ||
                       (metaspace_->prepend == Metaspace::Prepend::First && first);
  if (prepend && !marked.starts_with(kSpaceMark)) marked.insert(0, kSpaceMark);
  for (std::string_view rest = marked; !rest.empty();) {
    const size_t end = metaspace_->split ? rest.find(kSpaceMark, 1) : std::string_view::npos;
    append_word(rest.substr(0, end), ids);
    rest.remove_prefix(std::min(end, rest.size()));
  }
}

void SentencePieceBpe::append_bytes(std::string_view character, bool after_unknown, Ids& ids) const {
  if (!bytes_) return append_unknown(ids, after_unknown);
  for (const char c : character) ids.push_back((*bytes_)[static_cast<uint8_t>(c)]);
}

std::vector<int32_t> SentencePieceBpe::symbols_of(std::string_view word) const {
  Ids symbols;
  bool after_unknown = false;
  each_character(word, [&](std::string_view character) {
    const int32_t id = id_of(std::string(character));
    if (id != kNoToken) {
      symbols.push_back(id);
    } else {
      append_bytes(character, after_unknown, symbols);
    }
    after_unknown = id == kNoToken;
  });
  return symbols;
}

std::vector<int32_t> SentencePieceBpe::merge_word(std::string_view word) const {
  if (ignore_merges_) {
    if (const int32_t id = id_of(std::string(word)); id != kNoToken) return {id};
  }
  return by_scores_ ? merge_by_scores(word) : BpeTokenizer::merge_word(word);
}

// Characters without a token are merged too: SentencePiece uses the text of two neighbours, not their ids.
std::vector<int32_t> SentencePieceBpe::merge_by_scores(std::string_view word) const {
  Ids characters;
  std::vector<size_t> begins;  // where each character begins, then the end of the word
  size_t at = 0;
  each_character(word, [&](std::string_view character) {
    characters.push_back(id_of(std::string(character)));
    begins.push_back(at);
    at += character.size();
  });
  begins.push_back(at);
  const auto text_of = [&](int32_t begin, int32_t end) {
    const size_t from = begins[static_cast<size_t>(begin)];
    return word.substr(from, begins[static_cast<size_t>(end)] - from);
  };
  const auto merge = [&](const BpeSymbol& left, const BpeSymbol& right) -> std::optional<BpeMerge> {
    const int32_t id = id_of(std::string(text_of(left.begin, right.end)));
    if (id == kNoToken || ranks_[static_cast<size_t>(id)] < 0) return std::nullopt;
    return BpeMerge{ranks_[static_cast<size_t>(id)], id};
  };
  Ids ids;
  bool after_unknown = false;
  for (const BpeSymbol& symbol : merge_symbols(characters, merge)) {
    if (symbol.id != kNoToken) {
      ids.push_back(symbol.id);
    } else {
      append_bytes(text_of(symbol.begin, symbol.end), after_unknown, ids);
    }
    after_unknown = symbol.id == kNoToken;
  }
  return ids;
}

}  // namespace models
