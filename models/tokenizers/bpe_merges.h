// Merging the neighbouring symbols of a word, the best pair first: what byte-level BPE and SentencePiece's BPE share.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autograd/check.h"
#include "models/tokenizers/token_finder.h"

namespace models {

using TokenIds = std::unordered_map<std::string, int32_t>;  // by the token's text in the vocabulary

struct BpeMerge {
  int32_t rank, id;  // the lowest rank merges first, and of equal ones the leftmost
};

struct BpeSymbol {
  int32_t id;  // kNoToken: no token spells it
  int32_t begin,
      end;  // which of the symbols at the start it is made of; begin == end: merged into the one before
  int32_t before;  // the place of the symbol to its left, -1: none
};

// What is left of symbols with these ids when no pair merges any more. find(left, right) gives the merge of two
// neighbours, if there is one. A symbol stays at the place of its first part, so the list is linked by begin, end
// and before; the pairs that can merge wait in a heap: n log n steps for n symbols.
template <class Find>
std::vector<BpeSymbol> merge_symbols(const std::vector<int32_t>& ids, const Find& find) {
  struct Candidate {
    int32_t rank, place, end, id;
    bool operator<(const Candidate& other) const {  // heaps give the largest first
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
    if (right.end != best.end) continue;  // one of the two has merged with another neighbour meanwhile
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

// A list of merges, by the ids of the two tokens.
class MergeTable {
 public:
  MergeTable() = default;
  // Each pair merges to the token that spells both; the first pair goes first, and of two equal pairs the later one
  // counts. Throws ag::InputError, beginning with `file`, if one of the three tokens is missing.
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

// "left right" as the two tokens. Throws ag::InputError, beginning with `file`, for another text; `rank` is the
// merge's place in the list.
std::pair<std::string, std::string> split_merge(const std::string& merge, size_t rank,
                                                const std::string& file);

}  // namespace models
