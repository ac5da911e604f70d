// Answer to 05c.
//
// One norm and one factor for all tensors. A factor for each tensor, or a limit for each element, would turn
// the step into another direction.
#pragma once

#include <cmath>
#include <vector>

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n05c {

using ag::Tensor;

inline double clip(const std::vector<Tensor>& gradients, double max_norm) {
  double squares = 0;
  for (const Tensor& g : gradients) {
    for (int64_t i = 0; i < g.numel(); ++i) squares += g.data()[i] * g.data()[i];
  }
  const double norm = std::sqrt(squares);
  if (norm <= max_norm) return norm;
  for (const Tensor& g : gradients) {
    for (int64_t i = 0; i < g.numel(); ++i) g.data()[i] *= max_norm / norm;
  }
  return norm;
}

}  // namespace exercise::n05c
