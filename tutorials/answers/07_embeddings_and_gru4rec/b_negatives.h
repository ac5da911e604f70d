// Answer to 07b.
//
// A draw that hits an item of the user is thrown away and repeated: what is left stays evenly distributed.
// Taking the next free item instead would give an item after a taken one twice the probability. AUC counts
// what BPR's loss makes smooth: is a taken item above one that was not? The loss puts log sigmoid in the
// place of the step from 0 to 1.
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
  int32_t item = draw();
  while (std::ranges::find(has, item) != has.end()) item = draw();
  return item;
}

// scores (V); taken (V): true for the user's items. Both kinds of items occur.
inline double auc(const std::vector<double>& scores, const std::vector<bool>& taken) {
  double right = 0, pairs = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    for (size_t j = 0; j < scores.size(); ++j) {
      if (!taken[i] || taken[j]) continue;
      right += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      ++pairs;
    }
  }
  return right / pairs;
}

}  // namespace exercise::n07b
