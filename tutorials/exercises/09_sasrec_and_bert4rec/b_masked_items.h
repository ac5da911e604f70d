// 09b What BERT4Rec reads and what it predicts.
//
//   | window      5 2 8 1 7      reads     5 M 8 1 M      predicts    2     7
//   | evaluation  5 2 8 1 7      reads     2 8 1 7 M      predicts          the next item     (T = 5)
//
// M is the mask. Item i is hidden if draws[i] < ratio. If that hides none, the item at floor(spare length) is
// hidden. In evaluation a mask after the history is the place of the item to recommend. The test looks at
// inputs, rows and targets, and at the loss.
//
// Hint 1: The target of a masked place is the item that was there before.
// Hint 2: The model has T places, and in evaluation the mask takes one of them.
// Hint 3: ag::embedding(h, rows) chooses rows of h, and ag::cross_entropy is a mean over the rows it gets.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n09b {

using Items = std::vector<int32_t>;

struct Masked {
  Items input;          // the window with masks
  Items rows, targets;  // the masked places, ascending, and the items that were there
};

// draws (as many as items) and spare are numbers in [0, 1).
inline Masked masked(const Items& items, int32_t mask, double ratio, const std::vector<double>& draws,
                     double spare) {
  throw NotImplemented("masked places and their targets");
}

// The model's input (T places) that recommends the item after the history.
inline Items evaluation_input(const Items& history, size_t T, int32_t mask) {
  throw NotImplemented("the input of evaluation");
}

// The mean cross-entropy of the masked places: h (N,C) are the states of the window, table (V,C).
inline ag::Tensor loss(const ag::Tensor& h, const ag::Tensor& table, const Masked& window) {
  throw NotImplemented("the loss of the masked places");
}

}  // namespace exercise::n09b
