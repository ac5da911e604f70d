// Answer to 09b.
//
// Every state sees the whole window, so an item that is not hidden is no task: its vector is in the input.
// Only masked places have targets. A window without a mask would teach nothing, hence the forced one. In
// evaluation the mask is a new place after the history. It takes one of the T places, so T - 1 items remain.
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
  Masked result{.input = items, .rows = {}, .targets = {}};
  for (size_t i = 0; i < items.size(); ++i) {
    if (draws[i] < ratio) result.rows.push_back(int32_t(i));
  }
  if (result.rows.empty()) result.rows.push_back(int32_t(spare * double(items.size())));
  for (const int32_t row : result.rows) {
    result.targets.push_back(items[size_t(row)]);
    result.input[size_t(row)] = mask;
  }
  return result;
}

// The model's input (T places) that recommends the item after the history.
inline Items evaluation_input(const Items& history, size_t T, int32_t mask) {
  Items input(history.end() - std::ptrdiff_t(std::min(history.size(), T - 1)), history.end());
  input.push_back(mask);
  return input;
}

// The mean cross-entropy of the masked places: h (N,C) are the states of the window, table (V,C).
inline ag::Tensor loss(const ag::Tensor& h, const ag::Tensor& table, const Masked& window) {
  const ag::Tensor states = ag::embedding(h, ag::Tensor::from_ints(window.rows));
  return ag::cross_entropy(ag::matmul(states, table, false, true), ag::Tensor::from_ints(window.targets));
}

}  // namespace exercise::n09b
