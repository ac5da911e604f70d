// 07b Negatives, and what BPR optimises.
//
// BPR compares an item that a user has taken with a negative: one that the user has not, each with the same
// probability. Draw it. The other function is the quantity that BPR's loss is a smooth form of:
//
//   AUC = mean over pairs (i taken, j not taken) of  1 if s_i > s_j,  1/2 if s_i = s_j,  0 else
//
// The test draws many negatives and counts them, and compares AUC on small examples.
//
// Hint 1: Draw again until the item is not among the user's.
// Hint 2: Two loops over all items are enough.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n07b {

// An item that is not in `has`, each with the same probability. draw() returns an item, each of 0 .. V-1 with
// the same probability; it may be called any number of times. At least one item is not in `has`.
inline int32_t negative(const std::vector<int32_t>& has, const std::function<int32_t()>& draw) {
  throw NotImplemented("a negative");
}

// scores (V); taken (V): true for the user's items. Both kinds of items occur.
inline double auc(const std::vector<double>& scores, const std::vector<bool>& taken) {
  throw NotImplemented("AUC");
}

}  // namespace exercise::n07b
