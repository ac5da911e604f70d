// Byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909): the common part of its two families.
// byte_level_bpe.h merges bytes (GPT-2, Llama 3, Qwen2), sentencepiece_bpe.h characters (Llama 2, Mistral).
//
// A text is cut at the added tokens that it contains. The parts between them are normalised, cut at the added
// tokens that are found after normalisation, and cut into words. Each word is merged separately.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <queue>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autograd/check.h"
#include "models/tokenizers/normalizer.h"
#include "models/tokenizers/tokenizer.h"

namespace models {

// --- finding tokens in a text ("<|im_start|>") -------------------------------------------------------------

constexpr int32_t kNoToken = -1;

class TokenFinder {
 public:
  TokenFinder() = default;
  explicit TokenFinder(const std::vector<std::pair<std::string, int32_t>>& tokens) {
    for (const auto& [text, id] : tokens) {
      AG_CHECK(!text.empty(), "TokenFinder: token ", id, " is empty");
      tokens_[static_cast<uint8_t>(text[0])].push_back({text, id});
    }
    for (auto& list : tokens_) {
      std::stable_sort(list.begin(), list.end(),
                       [](const Token& a, const Token& b) { return a.text.size() > b.text.size(); });
    }
  }

  // Calls use(begin, part, id) for each part of the text, in order. For a token, id is the token's; tokens
  // are found from the left, and of several that begin at the same place the longest counts. For the parts
  // between tokens, if not empty, id is kNoToken.
  template <class Use>
  void each_part(std::string_view text, const Use& use) const {
    size_t begin = 0;  // where the part without tokens begins that ends at `at`
    const auto between = [&](size_t end) {
      if (end > begin) use(begin, text.substr(begin, end - begin), kNoToken);
    };
    for (size_t at = 0; at < text.size();) {
      if (const Token* token = token_at(text.substr(at))) {
        between(at);
        use(at, text.substr(at, token->text.size()), token->id);
        begin = at += token->text.size();
      } else {
        ++at;
      }
    }
    between(text.size());
  }

 private:
  struct Token {
    std::string text;
    int32_t id;
  };
  const Token* token_at(std::string_view text) const {
    for (const Token& token : tokens_[static_cast<uint8_t>(text[0])]) {
      if (text.starts_with(token.text)) return &token;
    }
    return nullptr;
  }

  std::array<std::vector<Token>, 256> tokens_;  // by first byte, the longest first
};

// --- merging neighbouring symbols of a word, the best pair first -------------------------------------------

using TokenIds = std::unordered_map<std::string, int32_t>;  // token as in the vocabulary -> id

struct BpeMerge {
  int32_t rank, id;  // the lowest rank merges first; of equal ranks, the leftmost pair
};

struct BpeSymbol {
  int32_t id;  // kNoToken: no token has this text
  int32_t begin,
      end;         // the initial symbols that it consists of; begin == end: merged into its left neighbour
  int32_t before;  // the index of its left neighbour; -1: none
};

// Merges symbols with these ids until no pair can be merged, and returns the remaining ones. find(left,
// right) gives the merge of two neighbours, if there is one. A merged symbol stays at the index of its first
// part, so begin, end and before make a linked list. The pairs that can merge are in a heap: n log n steps
// for n symbols.
template <class Find>
std::vector<BpeSymbol> merge_symbols(const std::vector<int32_t>& ids, const Find& find) {
  struct Candidate {
    int32_t rank, place, end, id;
    bool operator<(const Candidate& other) const {  // reversed, since a heap returns the largest first
      return rank != other.rank ? rank > other.rank : place > other.place;
    }
  };
  AG_CHECK(ids.size() < size_t{std::numeric_limits<int32_t>::max()}, "encode: a word of ", ids.size(),
           " symbols");
  const auto size = static_cast<int32_t>(ids.size());
  std::vector<BpeSymbol> symbols;
  symbols.reserve(ids.size());
  for (int32_t i = 0; i < size; ++i) symbols.push_back({ids[static_cast<size_t>(i)], i, i + 1, i - 1});
  const auto at = [&](int32_t place) -> BpeSymbol& { return symbols[static_cast<size_t>(place)]; };

  std::priority_queue<Candidate> candidates;
  const auto consider = [&](int32_t place) {
    if (place < 0 || at(place).end == size) return;
    const BpeSymbol &left = at(place), &right = at(left.end);
    if (const std::optional<BpeMerge> merge = find(left, right))
      candidates.push({merge->rank, place, right.end, merge->id});
  };
  for (int32_t i = 0; i < size; ++i) consider(i);

  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    BpeSymbol& left = at(best.place);
    if (left.begin == left.end || left.end == size) continue;
    BpeSymbol& right = at(left.end);
    if (right.end != best.end) continue;  // one of the two has already merged with another neighbour
    left.id = best.id;
    left.end = right.end;
    right.end = right.begin;
    if (left.end < size) at(left.end).before = best.place;
    consider(left.before);
    consider(best.place);
  }
  std::erase_if(symbols, [](const BpeSymbol& symbol) { return symbol.begin == symbol.end; });
  return symbols;
}

// A table of merges: the ids of two tokens -> rank and id of the merge.
class MergeTable {
 public:
  MergeTable() = default;
  // Each pair merges to the token whose text is the text of both. The first pair has the lowest rank; of two
  // equal pairs the later one counts. Throws ag::InputError, beginning with `file`, if one of the three
  // tokens is missing.
  MergeTable(const std::vector<std::pair<std::string, std::string>>& merges, const TokenIds& ids,
             const std::string& file);

  std::optional<BpeMerge> find(int32_t left, int32_t right) const {
    const auto found = merges_.find(key(left, right));
    return found == merges_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  static uint64_t key(int32_t left, int32_t right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  std::unordered_map<uint64_t, BpeMerge> merges_;
};

// Splits "left right" into the two tokens. Throws ag::InputError, with `file` and `rank`, the merge's
// position, for any other text.
std::pair<std::string, std::string> split_merge(const std::string& merge, size_t rank,
                                                const std::string& file);

// --- the tokenizer -----------------------------------------------------------------------------------------

// The values of tokenizer.ggml.token_type.
enum TokenType : int64_t { kUndefined, kNormal, kUnknown, kControl, kUserDefined, kUnused, kByte };

// A token that is recognised in a text: in the text as given, or (normalized) after normalisation.
struct AddedToken {
  int64_t id;
  std::string text;  // for a normalized one: already in its normalised form
  bool normalized = false;
};

struct BpeVocabulary {
  std::string file;                                         // for messages
  std::vector<std::string> tokens;                          // by id, including the added tokens
  std::vector<int64_t> types;                               // by id, a TokenType; empty: all are normal
  std::vector<std::pair<std::string, std::string>> merges;  // left, right; the first pair merges first
  std::vector<AddedToken> added;  // of two with the same text, the first one is found
  Normalizer normalizer;
  bool ignore_merges = false;      // a word that is a token becomes that token, without merging
  std::optional<int64_t> unknown;  // replaces symbols without a token; without it they are left out
  bool fuse_unknown = false;       // one unknown token for a run of them
  SpecialTokens special;
  std::set<int64_t> outside;  // ids that merging does not use: tokens that are only added, and unused ids

  TokenType type(size_t id) const { return id < types.size() ? static_cast<TokenType>(types[id]) : kNormal; }
};

class BpeTokenizer : public Tokenizer {
 public:
  std::vector<int32_t> encode(std::string_view text) const final;
  std::string decode(std::span<const int32_t> ids) const final;
  int64_t vocabulary() const final { return static_cast<int64_t>(bytes_.size()); }

 protected:
  using Ids = std::vector<int32_t>;

  // Throws ag::InputError, which names vocabulary.file, for two equal tokens, a merge of unknown tokens, an
  // invalid id, and so on. `bytes` is the text that decode writes for each id.
  BpeTokenizer(const BpeVocabulary& vocabulary, std::vector<std::string> bytes);

  // Cuts normalised text without added tokens into words and calls
  // append_word. `first`: the text begins here.
  virtual void append_text(std::string_view text, bool first, Ids& ids) const = 0;
  // The initial symbols of a word, for merges by rank.
  virtual Ids symbols_of(std::string_view word) const = 0;
  // The ids of a word after merging.
  virtual Ids merge_word(std::string_view word) const;

  void append_word(std::string_view word, Ids& ids) const;  // through the cache
  void append_unknown(Ids& symbols, bool after_another) const;
  int32_t id_of(const std::string& token) const;  // kNoToken if merging has no such token

 private:
  void read_added(const BpeVocabulary& vocabulary);

  std::vector<std::string> bytes_;
  TokenIds ids_;
  MergeTable merges_;
  TokenFinder added_, added_normalized_;
  Normalizer normalizer_;
  std::optional<int32_t> unknown_;
  bool fuse_unknown_;

  // A cache, since texts repeat words. It keeps only short words, and no new ones when it is full.
  mutable std::shared_mutex cache_mutex_;
  mutable std::unordered_map<std::string, Ids> cache_;
};

}  // namespace models
