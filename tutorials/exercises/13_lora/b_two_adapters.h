// 13b Two adapters as one.
//
// A model has learned two tasks in two adapters, (A_1, B_1, s_1) of rank r_1 and (A_2, B_2, s_2) of rank r_2.
// Both together give
//
//   y = W x + s_1 B_1 A_1 x + s_2 B_2 A_2 x
//
// Write them as one adapter of rank r_1 + r_2 with the scaling 1, which gives the same y. Then write merge,
// which adds an adapter to W in place, and unmerge, which takes it out again.
//
// Hint 1: A product of blocks: [B_1 B_2] times A_1 above A_2 is B_1 A_1 + B_2 A_2.
// Hint 2: The scalings go into B: then A stays what PEFT would call it.
// Hint 3: ag::concat(parts, dim) puts matrices above (0) or beside (1) each other.
#pragma once

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n13b {

using ag::Tensor;

struct Adapter {
  Tensor A, B;  // (r,in), (out,r)
  double scaling;
};

inline Adapter together(const Adapter& first, const Adapter& second) { throw NotImplemented("two as one"); }

inline void merge(const Tensor& W, const Adapter& adapter) { throw NotImplemented("W + s B A, in place"); }

inline void unmerge(const Tensor& W, const Adapter& adapter) { throw NotImplemented("the way back"); }

}  // namespace exercise::n13b
