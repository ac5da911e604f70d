// Answer to 10a.
//
// Words are kept once, with their counts, so a pair in a frequent word counts as often as the word occurs.
// max_element returns the first of equal entries, and a map is in the order of bytes: that is the rule for
// ties. After a merge the next symbol to look at comes after both parts, so "aaa" becomes "aa" and "a".
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n10a {

using Symbols = std::vector<std::string>;  // of a word
using Pair = std::pair<std::string, std::string>;
using Words = std::map<Symbols, int64_t>;  // how often each word occurs
using Counts = std::map<Pair, int64_t>;

// How often each pair of neighbours occurs in all words.
inline Counts count_pairs(const Words& words) {
  Counts counts;
  for (const auto& [word, count] : words) {
    for (size_t i = 0; i + 1 < word.size(); ++i) counts[{word[i], word[i + 1]}] += count;
  }
  return counts;
}

// The most frequent pair; of equally frequent ones the first in the order of Pair. There is at least one.
inline Pair best_pair(const Counts& counts) {
  return std::max_element(counts.begin(), counts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

// The word with each occurrence of the pair as one symbol, from left to right.
inline Symbols merged(const Symbols& word, const Pair& pair) {
  Symbols result;
  for (size_t i = 0; i < word.size(); ++i) {
    const bool here = i + 1 < word.size() && Pair(word[i], word[i + 1]) == pair;
    result.push_back(here ? word[i] + word[i + 1] : word[i]);
    i += here;
  }
  return result;
}

}  // namespace exercise::n10a
