// Answer to 07c.
//
// z says how much of the old state stays, r how much of it the candidate may read. r multiplies W_hn h after
// the matrix product, as in torch.nn.GRU, so the product of W_hh with h covers all three. A sequence in a
// pack begins with a state of zeros: nothing passes from one user to the next.
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
  const int64_t C = h.dim(1);
  const Tensor from_x = ag::linear(x, w_ih), from_h = ag::linear(h, w_hh);
  const auto part = [C](const Tensor& y, int64_t i) { return ag::slice(y, 1, i * C, (i + 1) * C); };
  const Tensor r = ag::sigmoid(ag::add(part(from_x, 0), part(from_h, 0)));
  const Tensor z = ag::sigmoid(ag::add(part(from_x, 1), part(from_h, 1)));
  return {r, z, ag::tanh(ag::add(part(from_x, 2), ag::mul(r, part(from_h, 2))))};
}

// The new state h' (B,C).
inline Tensor new_state(const Gates& g, const Tensor& h) {
  return ag::add(g.n, ag::mul(g.z, ag::sub(h, g.n)));
}

// The state of each sequence after its last row: x (N,I) in B sequences -> (B,C).
inline Tensor last_states(const Tensor& x, const Tensor& w_ih, const Tensor& w_hh,
                          const ag::Offsets& offsets) {
  std::vector<Tensor> states;
  for (int64_t b = 0; b < offsets.sequences(); ++b) {
    Tensor h = Tensor::zeros({1, w_hh.dim(1)});
    for (int64_t t = offsets.at(b); t < offsets.at(b + 1); ++t)
      h = new_state(gates(ag::slice(x, 0, t, t + 1), h, w_ih, w_hh), h);
    states.push_back(h);
  }
  return ag::concat(states, 0);
}

}  // namespace exercise::n07c
