// 10a One step of training BPE.
//
// The symbols of a word begin as its bytes. A step counts all pairs of neighbouring symbols, takes the most
// frequent pair, and makes it one symbol in every word. A word that occurs n times counts its pairs n times.
// Of equally frequent pairs the first in the order of std::pair is taken. The test does single steps and a
// whole training, and compares with the merges of a text.
//
// Hint 1: A std::map from Pair to count is in the order that decides ties.
// Hint 2: Merge from left to right: "aaa" with the pair (a, a) becomes "aa" and "a".
// Hint 3: After a merge of symbols i and i + 1 the next one is i + 2.
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
inline Counts count_pairs(const Words& words) { throw NotImplemented("the counts of all pairs"); }

// The most frequent pair; of equally frequent ones the first in the order of Pair. There is at least one.
inline Pair best_pair(const Counts& counts) { throw NotImplemented("the most frequent pair"); }

// The word with each occurrence of the pair as one symbol, from left to right.
inline Symbols merged(const Symbols& word, const Pair& pair) {
  throw NotImplemented("a word after the merge");
}

}  // namespace exercise::n10a
