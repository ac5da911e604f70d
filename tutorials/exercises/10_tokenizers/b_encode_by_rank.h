// 10b Encoding with the merges of BPE, by rank.
//
// ranks holds the number of each learned pair: 0 was learned first. Of all pairs of neighbours in the word
// that are in ranks, merge the one with the lowest rank, and repeat until there is none. The test compares
// with the library's tokenizer, on words for which other orders give other tokens.
//
// Hint 1: Look at all pairs before you merge one; the leftmost is not always the first.
// Hint 2: If a pair occurs twice in the word, the left one is merged first, then the other.
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
  throw NotImplemented("the pair to merge next");
}

// The tokens of a word; without any merge one for each byte.
inline Symbols encode(std::string_view word, const Ranks& ranks) {
  throw NotImplemented("the tokens of a word");
}

}  // namespace exercise::n10b
