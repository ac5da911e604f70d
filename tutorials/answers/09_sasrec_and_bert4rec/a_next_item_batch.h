// Answer to 09a.
//
// T inputs and T targets need T + 1 items: the first is only read, the last only predicted. The shift is made
// in each window, before packing: shifted afterwards, the last place of one user would be trained to predict
// the first item of another. In evaluation every item of the history is read, since the target is not one of
// them.
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
  Batch batch;
  for (const Items& history : histories) {
    const auto begin = history.end() - std::ptrdiff_t(std::min(history.size(), T + 1));
    batch.inputs.insert(batch.inputs.end(), begin, history.end() - 1);
    batch.targets.insert(batch.targets.end(), begin + 1, history.end());
    batch.lengths.push_back(int32_t(history.end() - begin) - 1);
  }
  return batch;
}

// The model's input (at most T items) that recommends the item after the history.
inline Items evaluation_input(const Items& history, size_t T) {
  return Items(history.end() - std::ptrdiff_t(std::min(history.size(), T)), history.end());
}

// The positions of an input of `length` items, right-aligned in T places.
inline Items positions(size_t length, size_t T) {
  Items result;
  for (size_t i = 0; i < length; ++i) result.push_back(int32_t(T - length + i));
  return result;
}

}  // namespace exercise::n09a
