#include "models/tokenizers/bpe_tokenizer.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "nn/io/text.h"

namespace models {
namespace {

constexpr size_t kLongestCachedWord = 64;  // bytes
constexpr size_t kMostCachedWords = 1 << 16;

TokenIds index_tokens(const BpeVocabulary& vocabulary) {
  const auto& [file, tokens, types] = std::tie(vocabulary.file, vocabulary.tokens, vocabulary.types);
  INPUT_CHECK(!tokens.empty() && tokens.size() <= size_t{std::numeric_limits<int32_t>::max()}, file,
              ": the vocabulary has ", tokens.size(), " tokens");
  INPUT_CHECK(types.empty() || types.size() == tokens.size(), file, ": there are ", tokens.size(),
              " tokens, but ", types.size(), " token types");
  TokenIds ids;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const int64_t type = vocabulary.type(i);
    INPUT_CHECK(type >= kUndefined && type <= kByte, file, ": token ", i, " has the type ", type,
                "; the types are 0 to ", int64_t{kByte});
    if (vocabulary.outside.contains(static_cast<int64_t>(i))) continue;
    const auto [first, is_new] = ids.emplace(tokens[i], static_cast<int32_t>(i));
    INPUT_CHECK(is_new, file, ": tokens ", first->second, " and ", i, " are both ", nn::quote(tokens[i]));
  }
  return ids;
}

int32_t checked_id(int64_t id, const char* what, const BpeVocabulary& vocabulary) {
  INPUT_CHECK(id >= 0 && id < static_cast<int64_t>(vocabulary.tokens.size()), vocabulary.file, ": the ", what,
              " is ", id, ", which is not among the ", vocabulary.tokens.size(), " tokens");
  return static_cast<int32_t>(id);
}

}  // namespace

MergeTable::MergeTable(const std::vector<std::pair<std::string, std::string>>& merges, const TokenIds& ids,
                       const std::string& file) {
  INPUT_CHECK(merges.size() <= size_t{std::numeric_limits<int32_t>::max()}, file, ": has ", merges.size(),
              " merges");
  merges_.reserve(merges.size());
  int32_t rank = 0;
  for (const auto& merge : merges) {
    const auto id_of = [&](const std::string& token) {
      const auto found = ids.find(token);
      INPUT_CHECK(found != ids.end(), file, ": merge ", rank, " is ",
                  nn::quote(merge.first + " " + merge.second), ", but there is no token ", nn::quote(token));
      return found->second;
    };
    const int32_t left = id_of(merge.first), right = id_of(merge.second);
    merges_.insert_or_assign(key(left, right), BpeMerge{rank, id_of(merge.first + merge.second)});
    ++rank;
  }
}

std::pair<std::string, std::string> split_merge(const std::string& merge, size_t rank,
                                                const std::string& file) {
  const size_t space = merge.find(' ');
  INPUT_CHECK(space != std::string::npos && space > 0 && space + 1 < merge.size() &&
                  merge.find(' ', space + 1) == std::string::npos,
              file, ": merge ", rank, " is ", nn::quote(merge),
              "; expected two tokens with a space between them");
  return {merge.substr(0, space), merge.substr(space + 1)};
}

BpeTokenizer::BpeTokenizer(const BpeVocabulary& vocabulary, std::vector<std::string> bytes)
    : Tokenizer(vocabulary.special),
      bytes_(std::move(bytes)),
      ids_(index_tokens(vocabulary)),
      merges_(vocabulary.merges, ids_, vocabulary.file),
      normalizer_(vocabulary.normalizer),
      fuse_unknown_(vocabulary.fuse_unknown) {
  AG_CHECK(bytes_.size() == vocabulary.tokens.size(), "BpeTokenizer: expected one string per token");
  if (vocabulary.unknown) unknown_ = checked_id(*vocabulary.unknown, "unknown token", vocabulary);
  read_added(vocabulary);
}

void BpeTokenizer::read_added(const BpeVocabulary& vocabulary) {
  std::vector<std::pair<std::string, int32_t>> as_written, normalized;
  for (const AddedToken& token : vocabulary.added) {
    const int32_t id = checked_id(token.id, "id of an added token", vocabulary);
    INPUT_CHECK(!token.text.empty(), vocabulary.file, ": the added token ", id, " is empty");
    (token.normalized ? normalized : as_written).emplace_back(token.text, id);
  }
  added_ = TokenFinder(as_written);
  added_normalized_ = TokenFinder(normalized);
}

std::vector<int32_t> BpeTokenizer::encode(std::string_view text) const {
  Ids ids;
  added_.each_part(text, [&](size_t begin, std::string_view part, int32_t id) {
    if (id != kNoToken) {
      ids.push_back(id);
      return;
    }
    const std::string normal = normalize(part, normalizer_);
    added_normalized_.each_part(normal, [&](size_t inner, std::string_view stretch, int32_t inner_id) {
      if (inner_id != kNoToken) {
        ids.push_back(inner_id);
      } else {
        append_text(stretch, begin == 0 && inner == 0, ids);
      }
    });
  });
  return ids;
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

std::vector<int32_t> BpeTokenizer::merge_word(std::string_view word) const {
  const auto symbols = merge_symbols(symbols_of(word), [&](const BpeSymbol& left, const BpeSymbol& right) {
    return merges_.find(left.id, right.id);
  });
  Ids ids;
  for (const BpeSymbol& symbol : symbols) ids.push_back(symbol.id);
  return ids;
}

void BpeTokenizer::append_unknown(Ids& symbols, bool after_another) const {
  if (unknown_ && !(fuse_unknown_ && after_another)) symbols.push_back(*unknown_);
}

int32_t BpeTokenizer::id_of(const std::string& token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? kNoToken : found->second;
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
