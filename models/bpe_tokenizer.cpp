#include "models/bpe_tokenizer.h"

#include <algorithm>
#include <limits>
#include <queue>

namespace models {
namespace {

// The numbers of tokenizer.ggml.token_type.
enum TokenType : int64_t { kUndefined, kNormal, kUnknown, kControl, kUserDefined, kUnused, kByte };

constexpr size_t kLongestCachedWord = 64;  // bytes
constexpr size_t kMostCachedWords = 1 << 16;
constexpr int32_t kNone = -1;

std::string utf8(uint32_t code) {
  if (code < 0x80) return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | code >> 6),
          static_cast<char>(0x80 | (code & 63))};  // byte characters end at U+0143
}

// GPT-2's character for each byte: printable ones of Latin-1 stand for themselves, the others get U+0100,
// U+0101, ...
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

// The bytes that a token of byte characters stands for; the text itself where another character occurs in it.
std::string bytes_of(const std::string& text) {
  static const auto table = [] {
    std::unordered_map<std::string, char> result;
    for (size_t b = 0; b < 256; ++b) result[byte_characters()[b]] = static_cast<char>(b);
    return result;
  }();
  std::string bytes;
  for (size_t at = 0; at < text.size();) {
    const size_t length = std::max<size_t>(utf8_length(std::string_view(text).substr(at)), 1);
    const auto found = table.find(text.substr(at, length));
    if (found == table.end()) return text;
    bytes += found->second;
    at += length;
  }
  return bytes;
}

uint64_t pair_key(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

}  // namespace

BpeTokenizer::BpeTokenizer(const BpeVocabulary& vocabulary) : split_(vocabulary.pre, vocabulary.file) {
  read_tokens(vocabulary);
  read_merges(vocabulary);
  if (vocabulary.end_of_text) {
    const int64_t id = *vocabulary.end_of_text;
    INPUT_CHECK(id >= 0 && id < this->vocabulary(), vocabulary.file, ": the end token is ", id,
                ", which is not among the ", this->vocabulary(), " tokens");
    end_of_text_ = static_cast<int32_t>(id);
  }
}

void BpeTokenizer::read_tokens(const BpeVocabulary& vocabulary) {
  const auto& [file, pre, tokens, types, merges, end] = vocabulary;
  INPUT_CHECK(!tokens.empty() && tokens.size() <= size_t{std::numeric_limits<int32_t>::max()}, file,
              ": the vocabulary has ", tokens.size(), " tokens");
  INPUT_CHECK(types.empty() || types.size() == tokens.size(), file, ": there are ", tokens.size(),
              " tokens, but ", types.size(), " token types");
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto id = static_cast<int32_t>(i);
    const int64_t type = types.empty() ? int64_t{kNormal} : types[i];
    INPUT_CHECK(type >= kUndefined && type <= kByte, file, ": token ", i, " has the type ", type,
                "; the types are 0 to ", int64_t{kByte});
    const auto [first, is_new] = ids_.emplace(tokens[i], id);
    INPUT_CHECK(is_new, file, ": tokens ", first->second, " and ", i, " are both ", quote(tokens[i]));
    const bool special = type == kControl || type == kUserDefined;
    bytes_.push_back(special || type == kUnknown ? tokens[i] : bytes_of(tokens[i]));
    if (special && !tokens[i].empty())
      specials_[static_cast<uint8_t>(tokens[i][0])].push_back({tokens[i], id});
  }
  for (auto& specials : specials_) {
    std::sort(specials.begin(), specials.end(),
              [](const Special& a, const Special& b) { return a.text.size() > b.text.size(); });
  }
  for (size_t b = 0; b < 256; ++b) {
    const auto found = ids_.find(byte_characters()[b]);
    byte_ids_[b] = found == ids_.end() ? kNone : found->second;
  }
}

void BpeTokenizer::read_merges(const BpeVocabulary& vocabulary) {
  merges_.reserve(vocabulary.merges.size());
  int32_t rank = 0;
  for (const std::string& merge : vocabulary.merges) {
    const size_t space = merge.find(' ');
    INPUT_CHECK(space != std::string::npos && space > 0 && space + 1 < merge.size() &&
                    merge.find(' ', space + 1) == std::string::npos,
                vocabulary.file, ": merge ", rank, " is ", quote(merge),
                "; expected two tokens with a space between them");
    const std::string left = merge.substr(0, space), right = merge.substr(space + 1);
    for (const std::string& token : {left, right, left + right}) {
      INPUT_CHECK(ids_.count(token), vocabulary.file, ": merge ", rank, " is ", quote(merge),
                  ", but there is no token ", quote(token));
    }
    merges_.insert_or_assign(pair_key(ids_[left], ids_[right]), Merge{rank, ids_[left + right]});
    ++rank;
  }
}

std::vector<int32_t> BpeTokenizer::encode(std::string_view text) const {
  Ids ids;
  size_t begin = 0;  // of the ordinary text that ends at `at`
  for (size_t at = 0; at < text.size();) {
    if (const Special* special = special_at(text.substr(at))) {
      append_words(text.substr(begin, at - begin), ids);
      ids.push_back(special->id);
      begin = at += special->text.size();
    } else {
      ++at;
    }
  }
  append_words(text.substr(begin), ids);
  return ids;
}

const BpeTokenizer::Special* BpeTokenizer::special_at(std::string_view text) const {
  for (const Special& special : specials_[static_cast<uint8_t>(text[0])]) {
    if (text.starts_with(special.text)) return &special;
  }
  return nullptr;
}

void BpeTokenizer::append_words(std::string_view text, Ids& ids) const {
  split_.words(text, [&](std::string_view word) { append_word(word, ids); });
}

void BpeTokenizer::append_word(std::string_view word, Ids& ids) const {
  const std::string key(word.size() <= kLongestCachedWord ? word : std::string_view());
  if (!key.empty()) {
    std::shared_lock lock(cache_mutex_);
    if (const auto found = cache_.find(key); found != cache_.end()) {
      ids.insert(ids.end(), found->second.begin(), found->second.end());
      return;
    }
  }
  const Ids merged = merge_word(word);
  ids.insert(ids.end(), merged.begin(), merged.end());
  if (!key.empty()) {
    std::unique_lock lock(cache_mutex_);
    if (cache_.size() < kMostCachedWords) cache_.emplace(key, merged);
  }
}

const BpeTokenizer::Merge* BpeTokenizer::find_merge(int32_t left, int32_t right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

// The symbols are a linked list in an array, and the pairs that can merge wait in a heap: n log n steps for n
// bytes.
std::vector<int32_t> BpeTokenizer::merge_word(std::string_view word) const {
  struct Symbol {
    int32_t id, before, after;  // id kNone: merged into the one before
  };
  AG_CHECK(word.size() <= size_t{std::numeric_limits<int32_t>::max()}, "encode: a word of ", word.size(),
           " bytes");
  std::vector<Symbol> symbols;
  for (char c : word) {
    const int32_t id = byte_ids_[static_cast<uint8_t>(c)], place = static_cast<int32_t>(symbols.size());
    if (id != kNone) symbols.push_back({id, place - 1, place + 1});
  }
  if (symbols.empty()) return {};
  symbols.back().after = kNone;

  struct Candidate {
    int32_t rank, place, id;
    // Heaps give the largest first: the lowest rank, and of equal ones the leftmost.
    bool operator<(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : place > other.place;
    }
  };
  std::priority_queue<Candidate> candidates;
  const auto consider = [&](int32_t place) {
    if (place == kNone || symbols[place].after == kNone) return;
    const Merge* merge = find_merge(symbols[place].id, symbols[symbols[place].after].id);
    if (merge) candidates.push({merge->rank, place, merge->id});
  };
  for (size_t i = 0; i < symbols.size(); ++i) consider(static_cast<int32_t>(i));

  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    Symbol& left = symbols[best.place];
    if (left.id == kNone || left.after == kNone) continue;
    Symbol& right = symbols[left.after];
    const Merge* merge = find_merge(left.id, right.id);
    if (!merge || merge->id != best.id)
      continue;  // one of the two has merged with another neighbour meanwhile
    left.id = merge->id;
    right.id = kNone;
    left.after = right.after;
    if (left.after != kNone) symbols[left.after].before = best.place;
    consider(left.before);
    consider(best.place);
  }

  Ids ids;
  for (int32_t place = 0; place != kNone; place = symbols[place].after) ids.push_back(symbols[place].id);
  return ids;
}

std::string BpeTokenizer::decode(std::span<const int32_t> ids) const {
  std::string text;
  for (int32_t id : ids) {
    AG_CHECK(id >= 0 && id < vocabulary(), "decode: token ", id, " is not in the vocabulary of ",
             vocabulary());
    text += bytes_[static_cast<size_t>(id)];
  }
  return text;
}

}  // namespace models
