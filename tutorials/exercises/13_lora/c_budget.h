// 13c What an adapter costs.
//
// A model has matrices of the shapes (out, in). Training all of it with Adam needs, for each number, the
// weight, its gradient and two moments: 4 numbers. A frozen number needs only itself. Count the numbers in
// memory
//
//   full(shapes)      when all matrices are trained
//   lora(shapes, r)   when they are frozen and each has an adapter of rank r, which is trained
//
// and find the largest rank with which LoRA stays within a budget.
//
// Hint 1: An adapter has r (in + out) numbers, with the same 4 for each.
// Hint 2: lora is linear in r. So the rank is a division.
#pragma once

#include <utility>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n13c {

using Shapes = std::vector<std::pair<int64_t, int64_t>>;  // (out, in) of each matrix

inline int64_t full(const Shapes& shapes) { throw NotImplemented("numbers of full training"); }

inline int64_t lora(const Shapes& shapes, int64_t r) { throw NotImplemented("numbers of LoRA"); }

// The largest r >= 0 with lora(shapes, r) <= budget; -1 if not even the frozen model fits.
inline int64_t largest_rank(const Shapes& shapes, int64_t budget) {
  throw NotImplemented("the largest rank");
}

}  // namespace exercise::n13c
