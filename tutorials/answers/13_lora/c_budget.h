// Answer to 13c.
//
// For a square matrix of size n, LoRA pays from n^2 + 8 r n < 4 n^2 on, so up to the rank 3 n / 8: memory is
// hardly ever what limits the rank.
#pragma once

#include <utility>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n13c {

using Shapes = std::vector<std::pair<int64_t, int64_t>>;

inline int64_t numbers(const Shapes& shapes) {
  int64_t sum = 0;
  for (const auto& [out, in] : shapes) sum += out * in;
  return sum;
}

inline int64_t full(const Shapes& shapes) { return 4 * numbers(shapes); }

inline int64_t lora(const Shapes& shapes, int64_t r) {
  int64_t sides = 0;
  for (const auto& [out, in] : shapes) sides += out + in;
  return numbers(shapes) + 4 * r * sides;
}

inline int64_t largest_rank(const Shapes& shapes, int64_t budget) {
  const int64_t frozen = lora(shapes, 0);
  return budget < frozen ? -1 : (budget - frozen) / (lora(shapes, 1) - frozen);
}

}  // namespace exercise::n13c
