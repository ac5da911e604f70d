// 05c Clipping gradients.
//
// One bad batch can have a gradient that ruins the weights. So all gradients together are shortened to length
// max_norm if they are longer:
//
//   norm = sqrt(sum over all tensors and elements of g^2),     g = g max_norm / norm    if norm > max_norm
//
// The direction of the step stays. The test compares with nn::clip_grad_norm, which adds 1e-6 to the norm.
//
// Hint 1: Two passes: the norm over all tensors, then one factor for all of them.
// Hint 2: A gradient that is short enough does not change: never make it longer.
#pragma once

#include <vector>

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n05c {

using ag::Tensor;

// Changes the numbers of the gradients in place. Returns the norm before.
inline double clip(const std::vector<Tensor>& gradients, double max_norm) {
  throw NotImplemented("clipping");
}

}  // namespace exercise::n05c
