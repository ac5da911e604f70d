// 09a What SASRec reads and what it predicts.
//
//   | history    5 2 8 1 7       reads     2 8 1
//   | T = 3                      predicts  8 1 7       position  0 1 2
//
// In training a model of length T reads T items and predicts at each place the next one. In evaluation it
// reads the last T items of the history, and the state of the last place predicts the target, which is not in
// the history. Positions are right-aligned: the last item has position T - 1, however short the history is.
// The test compares with the library's batches and says which place has a wrong target.
//
// Hint 1: A window of T + 1 items has T inputs and T targets.
// Hint 2: Shift each history by itself; several are in one batch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n09a {

using Items = std::vector<int32_t>;

struct Batch {
  Items inputs, targets;         // (N) each, the histories one after the other
  std::vector<int32_t> lengths;  // (B): the number of inputs of each history
};

// One training batch. Each history has at least two items, the oldest first.
inline Batch training_batch(const std::vector<Items>& histories, size_t T) {
  throw NotImplemented("inputs and targets");
}

// The model's input (at most T items) that recommends the item after the history.
inline Items evaluation_input(const Items& history, size_t T) {
  throw NotImplemented("the input of evaluation");
}

// The positions of an input of `length` items, right-aligned in T places.
inline Items positions(size_t length, size_t T) { throw NotImplemented("right-aligned positions"); }

}  // namespace exercise::n09a
