// 07c One step of a GRU, and many of them over packed sequences.
//
//   r = sigmoid(W_ir x + W_hr h),  z = sigmoid(W_iz x + W_hz h),
//   n = tanh(W_in x + r (W_hn h)),  h' = (1 - z) n + z h
//
// Products of two vectors are element by element. w_ih holds the rows of W_ir, W_iz and W_in, one below the
// other, and w_hh those of W_hr, W_hz and W_hn. Write it with the ops of autograd/ops.h, so that the tape
// knows the gradient. The test compares each function with the library's ag::gru, and the gradients too.
//
// Hint 1: ag::linear(x, w_ih) has all three products, (B,3C); ag::slice cuts columns out of them.
// Hint 2: (1 - z) n + z h = n + z (h - n).
// Hint 3: Each sequence of a pack begins with h = 0.
#pragma once

#include <vector>

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n07c {

using ag::Tensor;

struct Gates {
  Tensor r, z, n;  // (B,C)
};

// x (B,I), h (B,C), w_ih (3C,I), w_hh (3C,C).
inline Gates gates(const Tensor& x, const Tensor& h, const Tensor& w_ih, const Tensor& w_hh) {
  throw NotImplemented("r, z and n");
}

// The new state h' (B,C).
inline Tensor new_state(const Gates& g, const Tensor& h) { throw NotImplemented("the new state"); }

// The state of each sequence after its last row: x (N,I) in B sequences -> (B,C).
inline Tensor last_states(const Tensor& x, const Tensor& w_ih, const Tensor& w_hh,
                          const ag::Offsets& offsets) {
  throw NotImplemented("the states after the last rows");
}

}  // namespace exercise::n07c
