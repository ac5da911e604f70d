#include "models/tokenizers/byte_level_bpe.h"

#include <algorithm>

#include "nn/io/text.h"

namespace models {
namespace {

std::string utf8(uint32_t code) {
  if (code < 0x80) return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | code >> 6),
          static_cast<char>(0x80 | (code & 63))};  // two bytes: the last byte character is U+0143
}

// GPT-2's character for each byte: the byte itself if it is printable in Latin-1, else U+0100, U+0101, ...
const std::array<std::string, 256>& byte_characters() {
  static const auto table = [] {
    std::array<std::string, 256> result;
    uint32_t next = 256;
    for (uint32_t b = 0; b < 256; ++b) {
      const bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
      result[b] = utf8(printable ? b : next++);
    }
    return result;
  }();
  return table;
}

// The bytes of a token that is written in byte characters; the text itself if it contains other characters.
std::string bytes_of(const std::string& text) {
  static const auto table = [] {
    std::unordered_map<std::string, char> result;
    for (size_t b = 0; b < 256; ++b) result[byte_characters()[b]] = static_cast<char>(b);
    return result;
  }();
  std::string bytes;
  for (size_t at = 0; at < text.size();) {
    const size_t length = std::max<size_t>(nn::utf8_length(std::string_view(text).substr(at)), 1);
    const auto found = table.find(text.substr(at, length));
    if (found == table.end()) return text;
    bytes += found->second;
    at += length;
  }
  return bytes;
}

std::vector<std::string> bytes_by_id(const BpeVocabulary& vocabulary) {
  std::vector<std::string> bytes;
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const TokenType type = vocabulary.type(id);
    const bool special = type == kControl || type == kUserDefined || type == kUnknown;
    bytes.push_back(special ? vocabulary.tokens[id] : bytes_of(vocabulary.tokens[id]));
  }
  return bytes;
}

}  // namespace

ByteLevelBpe::ByteLevelBpe(const BpeVocabulary& vocabulary, const PreSplitRule& rule)
    : BpeTokenizer(vocabulary, bytes_by_id(vocabulary)),
      split_(rule),
      ignore_merges_(vocabulary.ignore_merges) {
  for (size_t b = 0; b < 256; ++b) byte_ids_[b] = id_of(byte_characters()[b]);
}

void ByteLevelBpe::append_text(std::string_view text, bool /*first*/, Ids& ids) const {
  split_.words(text, [&](std::string_view word) { append_word(word, ids); });
}

std::vector<int32_t> ByteLevelBpe::symbols_of(std::string_view word) const {
  Ids symbols;
  bool after_unknown = false;
  for (const char c : word) {
    const int32_t id = byte_ids_[static_cast<uint8_t>(c)];
    if (id != kNoToken) {
      symbols.push_back(id);
    } else {
      append_unknown(symbols, after_unknown);
    }
    after_unknown = id == kNoToken;
  }
  return symbols;
}

std::vector<int32_t> ByteLevelBpe::merge_word(std::string_view word) const {
  if (ignore_merges_) {
    std::string token;
    for (const char c : word) token += byte_characters()[static_cast<uint8_t>(c)];
    if (const int32_t id = id_of(token); id != kNoToken) return {id};
  }
  return BpeTokenizer::merge_word(word);
}

}  // namespace models
