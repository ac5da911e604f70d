// 13a The gradients of an adapter.
//
//   y = x W^T + s (x A^T) B^T,   x (N,in), W (out,in), A (r,in), B (out,r)
//
// W is frozen. Derive the gradients with respect to x, A and B from dy (N,out), and write them with
// ag::matmul. No product may have the size of W: B A is never computed. The test compares with finite
// differences and measures the memory.
//
// Hint 1: With u = x A^T (N,r) it is two linear layers in a row. du = s dy B.
// Hint 2: dB (out,r) = s dy^T u, dA (r,in) = du^T x.
// Hint 3: dx gets two parts: through W, and through A.
#pragma once

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n13a {

using ag::Tensor;

struct Gradients {
  Tensor dx, dA, dB;  // shaped like x, A and B
};

inline Gradients backward(const Tensor& x, const Tensor& W, const Tensor& A, const Tensor& B, double s,
                          const Tensor& dy) {
  throw NotImplemented("dx, dA and dB");
}

}  // namespace exercise::n13a
