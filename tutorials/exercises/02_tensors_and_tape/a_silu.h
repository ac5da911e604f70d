// 02a The gradient of SiLU.
//
//   y = x sigmoid(x),  sigmoid(x) = 1 / (1 + exp(-x))
//
// Derive dy/dx on paper with the product rule and sigmoid' = sigmoid (1 - sigmoid), then write it down. The
// test compares dx with finite differences, at 0 and far from it too.
//
// Hint 1: dy/dx = sigmoid(x) + x sigmoid'(x).
// Hint 2: The chain rule: each element of dx is that element of dy times the derivative at x, not at y.
#pragma once

#include "autograd/tape.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n02a {

using ag::Tensor;

// The gradient of the loss with respect to x: dy is that with respect to y = silu(x). All have x's shape.
inline Tensor silu_backward(const Tensor& x, const Tensor& dy) { throw NotImplemented("dx of SiLU"); }

// y = silu(x) as an op: computes y and records silu_backward. Any shape.
inline Tensor silu(const Tensor& x) { throw NotImplemented("SiLU as an op on the tape"); }

}  // namespace exercise::n02a
