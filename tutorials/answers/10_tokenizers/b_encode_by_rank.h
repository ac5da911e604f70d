// Answer to 10b.
//
// Encoding repeats what training did, in the same order: a later merge may need the symbol of an earlier one,
// and an earlier one may have used up the symbol that a later one wants. So the rank decides, not the place
// and not the length. A word of the vocabulary need not be reached: "longest token first" is another
// tokenizer, of which the model has never seen a text.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n10b {

using Symbols = std::vector<std::string>;
using Ranks = std::map<std::pair<std::string, std::string>, size_t>;

// The index i of the pair (i, i + 1) with the lowest rank, the leftmost of equal ones; symbols.size() if no
// pair has a rank.
inline size_t next_merge(const Symbols& symbols, const Ranks& ranks) {
  size_t best = symbols.size(), lowest = ranks.size();
  for (size_t i = 0; i + 1 < symbols.size(); ++i) {
    const auto found = ranks.find({symbols[i], symbols[i + 1]});
    if (found == ranks.end() || found->second >= lowest) continue;
    best = i;
    lowest = found->second;
  }
  return best;
}

// The tokens of a word; without any merge one for each byte.
inline Symbols encode(std::string_view word, const Ranks& ranks) {
  Symbols symbols;
  for (const char byte : word) symbols.emplace_back(1, byte);
  for (size_t i = next_merge(symbols, ranks); i < symbols.size(); i = next_merge(symbols, ranks)) {
    symbols[i] += symbols[i + 1];
    symbols.erase(symbols.begin() + std::ptrdiff_t(i) + 1);
  }
  return symbols;
}

}  // namespace exercise::n10b
