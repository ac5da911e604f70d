// 02b The backward of broadcasting.
//
// In y = x b with x (3,4) and b (4) each number of b is used in three rows, so its gradient is the sum over
// these rows. So it is for every dimension along which a tensor is repeated. NumPy's rule: shapes are aligned
// at their ends, and a dimension is repeated if it is 1 or missing. (3,4) with (4), (1,4), (3,1) or () are
// allowed.
//
// Write sum_to, which undoes it, and with it the gradients of y = x b. The test goes through these shapes and
// one of three dimensions.
//
// Hint 1: Go through all elements of dy. For each, find the element of the result that it is added to.
// Hint 2: From the last dimension to the first, index = element % size, element /= size. The index counts in
// the
//         result only if the result has that dimension, and there it is 0 if the size is 1.
// Hint 3: db = sum_to(dy x, shape of b).
#pragma once

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n02b {

using ag::Shape, ag::Tensor;

// dy summed over the dimensions that `shape` does not have or has as 1. The result has that shape.
inline Tensor sum_to(const Tensor& dy, const Shape& shape) { throw NotImplemented("the sum over repeats"); }

// The gradient with respect to b of y = x b, where b is repeated to x's shape. x and dy have the same shape.
inline Tensor mul_db(const Tensor& x, const Tensor& b, const Tensor& dy) {
  throw NotImplemented("gradient with respect to the repeated factor");
}

}  // namespace exercise::n02b
