// Gated recurrent units over packed sequences: the op, its definition, and the kernels of one time step.
//
// Inside the op the sequences are sorted by length, the longest first, and the tokens by time: first token 0
// of every sequence, then token 1, and so on. The sequences that have a token at step t are then the first
// rows of step t - 1, and each step is one matrix product over contiguous rows, without padding. Kept for
// backward, per token: its input (I), r, z, n and W_hn h + b_hn (4C), and the state (C).
#include <algorithm>
#include <numeric>

#include "autograd/kernels.h"
#include "autograd/ops.h"
#include "autograd/ops/math.h"
#include "autograd/parallel.h"

namespace ag {
namespace {

// The tokens of packed sequences, sorted by time.
struct TimeSteps {
  std::vector<int64_t> begin{0};  // rows [begin[t], begin[t+1]) are step t
  Tensor token;                   // (N) I32: the caller's token of each row
  Tensor row;                     // (N) I32: the row of each token, the inverse of `token`
  Tensor before;  // I32, for the rows from step 1 on: the row of the same sequence one step earlier

  explicit TimeSteps(const Offsets& offsets);
  int64_t steps() const { return static_cast<int64_t>(begin.size()) - 1; }
  int64_t at(int64_t t) const { return begin[static_cast<size_t>(t)]; }
  int64_t alive(int64_t t) const { return at(t + 1) - at(t); }
  int64_t rows() const { return begin.back(); }
  int64_t first_rows() const { return steps() ? alive(0) : 0; }  // rows of step 0, with none before them
};

TimeSteps::TimeSteps(const Offsets& offsets) {
  const int64_t N = offsets.rows();
  std::vector<int64_t> order(static_cast<size_t>(offsets.sequences()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return offsets.length(a) > offsets.length(b); });
  token = Tensor::empty({N}, DType::I32);
  row = Tensor::empty({N}, DType::I32);
  std::vector<int32_t> rows_before;
  for (int64_t t = 0; t < offsets.longest(); ++t) {
    int64_t at_row = begin.back();
    for (size_t i = 0; i < order.size() && offsets.length(order[i]) > t; ++i, ++at_row) {
      const int64_t here = offsets.at(order[i]) + t;
      token.ints()[at_row] = static_cast<int32_t>(here);
      row.ints()[here] = static_cast<int32_t>(at_row);
      if (t > 0) rows_before.push_back(static_cast<int32_t>(at(t - 1)) + static_cast<int32_t>(i));
    }
    begin.push_back(at_row);
  }
  before = Tensor::from_ints(rows_before);
}

// What forward keeps for backward; all rows are sorted by time.
struct GruPass {
  TimeSteps time;
  Tensor x;                // (N,I)
  Tensor gates;            // (N,3C): r, z, n
  Tensor candidate_state;  // (N,C): W_hn h + b_hn
  Tensor states;           // (N,C)
};

void check_gru(const char* name, const Tensor& x, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih,
               const Tensor& b_hh, const Offsets& offsets) {
  AG_CHECK(x.rank() == 2 && w_ih.rank() == 2 && w_hh.rank() == 2 && w_ih.dim(1) == x.dim(1) &&
               w_ih.dim(0) == w_hh.dim(0) && w_hh.dim(0) == 3 * w_hh.dim(1),
           name, ": expected x (N, I), w_ih (3C, I) and w_hh (3C, C) but they have shapes ", x.shape(), ", ",
           w_ih.shape(), " and ", w_hh.shape());
  AG_CHECK(b_ih.defined() == b_hh.defined(), name, ": one bias is given without the other");
  AG_CHECK(!b_ih.defined() || (b_ih.shape() == Shape{w_hh.dim(0)} && b_hh.shape() == b_ih.shape()), name,
           ": the biases are ", b_ih.shape(), " and ", b_hh.shape(), " but there are ", w_hh.dim(0),
           " rows of weights");
  AG_CHECK(offsets.rows() == x.dim(0), name, ": the offsets hold ", offsets.rows(), " rows but x has ",
           x.dim(0));
}

GruPass gru_forward(const Tensor& x, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih,
                    const Tensor& b_hh, const Offsets& offsets) {
  const NoGrad no_grad;  // gru() records all of it as one op
  const int64_t N = x.dim(0), C = w_hh.dim(1);
  TimeSteps time(offsets);
  const Tensor inputs = embedding(x, time.token), gates = linear(inputs, w_ih, b_ih),
               candidate_state = Tensor::empty({N, C}, DType::Real, x.device()),
               states = empty_like(candidate_state);
  const Tensor from_state = Tensor::zeros({time.first_rows(), 3 * C}, DType::Real,
                                          x.device());  // W_h h + b_h of one step; h is zero before the first
  for (int64_t t = 0; t < time.steps(); ++t) {
    const int64_t R = time.alive(t), begin = time.at(t);
    const real* previous = t > 0 ? states.data() + time.at(t - 1) * C : nullptr;
    if (previous)
      DISPATCH(x.device(), gemm, false, true, R, 3 * C, C, real(1), previous, w_hh, real(0), from_state);
    if (b_hh.defined()) DISPATCH(x.device(), add_row, from_state, from_state, b_hh, R, 3 * C);
    DISPATCH(x.device(), gru_step_forward, states.data() + begin * C, gates.data() + begin * 3 * C,
             candidate_state.data() + begin * C, from_state, previous, R, C);
  }
  return {std::move(time), inputs, gates, candidate_state, states};
}

// The gradients of the inputs of the gates; rows are sorted by time.
struct GateGradients {
  Tensor from_input;  // (N,3C): of W_i x + b_i
  Tensor from_state;  // (N,3C): of W_h h + b_h
};

GateGradients gru_backward(const GruPass& pass, const Tensor& w_hh, const Tensor& dy) {
  const int64_t N = pass.states.dim(0), C = pass.states.dim(1);
  const Tensor dstates = embedding(dy, pass.time.token);
  const Tensor from_input = Tensor::empty({N, 3 * C}, DType::Real, dy.device());
  const GateGradients d{from_input, empty_like(from_input)};
  for (int64_t t = pass.time.steps() - 1; t >= 0; --t) {
    const int64_t R = pass.time.alive(t), begin = pass.time.at(t);
    const int64_t before = t > 0 ? pass.time.at(t - 1) : 0;
    real* dprevious = t > 0 ? dstates.data() + before * C : nullptr;
    real* dfrom_state = d.from_state.data() + begin * 3 * C;
    DISPATCH(dy.device(), gru_step_backward, d.from_input.data() + begin * 3 * C, dfrom_state, dprevious,
             dstates.data() + begin * C, pass.gates.data() + begin * 3 * C,
             pass.candidate_state.data() + begin * C, t > 0 ? pass.states.data() + before * C : nullptr, R,
             C);
    if (dprevious)
      DISPATCH(dy.device(), gemm, false, false, R, C, 3 * C, real(1), dfrom_state, w_hh, real(1), dprevious);
  }
  return d;
}

}  // namespace

Tensor gru(const Tensor& x, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih, const Tensor& b_hh,
           const Offsets& offsets) {
  check_gru("gru", x, w_ih, w_hh, b_ih, b_hh, offsets);
  GruPass pass = gru_forward(x, w_ih, w_hh, b_ih, b_hh, offsets);
  const Tensor y = embedding(pass.states, pass.time.row);
  return record("gru", y, {x, w_ih, w_hh, b_ih, b_hh},
                [pass = std::move(pass), w_ih = w_ih.detach(), w_hh = w_hh.detach()](
                    const Tensor& dy, const Needs& needs) -> Grads {
                  const GateGradients d = gru_backward(pass, w_hh, dy);
                  const int64_t N = pass.x.dim(0), first = pass.time.first_rows();
                  Grads grads(5);
                  if (needs[0]) grads[0] = embedding(matmul(d.from_input, w_ih), pass.time.row);
                  if (needs[1]) grads[1] = matmul(d.from_input, pass.x, true);
                  if (needs[2]) {  // the first step's state is zero and adds nothing
                    const Tensor previous = embedding(pass.states, pass.time.before);
                    grads[2] = matmul(d.from_state.rows(first, N), previous, true);
                  }
                  if (needs[3]) grads[3] = sum_rows(d.from_input);
                  if (needs[4]) grads[4] = sum_rows(d.from_state);
                  return grads;
                });
}

Tensor gru_composed(const Tensor& x, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih,
                    const Tensor& b_hh, const Offsets& offsets) {
  check_gru("gru_composed", x, w_ih, w_hh, b_ih, b_hh, offsets);
  const int64_t C = w_hh.dim(1);
  const Tensor ones = Tensor::full({1, C}, 1, x.device());
  std::vector<Tensor> states;
  for (int64_t b = 0; b < offsets.sequences(); ++b) {
    Tensor h = Tensor::zeros({1, C}, DType::Real, x.device());
    for (int64_t i = offsets.at(b); i < offsets.at(b + 1); ++i) {
      const Tensor from_input = linear(slice(x, 0, i, i + 1), w_ih, b_ih), from_state = linear(h, w_hh, b_hh);
      const auto part = [&](const Tensor& gates, int64_t k) { return slice(gates, 1, k * C, (k + 1) * C); };
      const Tensor r = sigmoid(add(part(from_input, 0), part(from_state, 0)));
      const Tensor z = sigmoid(add(part(from_input, 1), part(from_state, 1)));
      const Tensor n = tanh(add(part(from_input, 2), mul(r, part(from_state, 2))));
      h = add(mul(sub(ones, z), n), mul(z, h));
      states.push_back(h);
    }
  }
  return concat(states, 0);
}

namespace cpu {

void gru_step_forward(real* h, real* gates, real* candidate_state, const real* from_state,
                      const real* previous, int64_t R, int64_t C) {
  parallel_for(R, 64 * C, [&](int64_t i) {
    real *r = gates + i * 3 * C, *z = r + C, *n = z + C;
    const real *r_state = from_state + i * 3 * C, *z_state = r_state + C, *n_state = z_state + C;
    for (int64_t c = 0; c < C; ++c) {
      r[c] = math::sigmoid(r[c] + r_state[c]);
      z[c] = math::sigmoid(z[c] + z_state[c]);
      n[c] = math::tanh(n[c] + r[c] * n_state[c]);
      const real before = previous ? previous[i * C + c] : real(0);
      candidate_state[i * C + c] = n_state[c];
      h[i * C + c] = (1 - z[c]) * n[c] + z[c] * before;
    }
  });
}

// a_r, a_z and a_n are the inputs of sigmoid and tanh: h = (1 - z) n + z h_before, a_n = i_n + r s_n.
void gru_step_backward(real* dfrom_input, real* dfrom_state, real* dprevious, const real* dh,
                       const real* gates, const real* candidate_state, const real* previous, int64_t R,
                       int64_t C) {
  parallel_for(R, 32 * C, [&](int64_t i) {
    const real *r = gates + i * 3 * C, *z = r + C, *n = z + C, *s_n = candidate_state + i * C;
    real *to_input = dfrom_input + i * 3 * C, *to_state = dfrom_state + i * 3 * C;
    for (int64_t c = 0; c < C; ++c) {
      const real d = dh[i * C + c], before = previous ? previous[i * C + c] : real(0);
      const real da_n = d * (1 - z[c]) * (1 - n[c] * n[c]);
      const real da_r = da_n * s_n[c] * r[c] * (1 - r[c]);
      const real da_z = d * (before - n[c]) * z[c] * (1 - z[c]);
      to_input[c] = to_state[c] = da_r;
      to_input[C + c] = to_state[C + c] = da_z;
      to_input[2 * C + c] = da_n;
      to_state[2 * C + c] = da_n * r[c];
      if (dprevious) dprevious[i * C + c] += d * z[c];
    }
  });
}

}  // namespace cpu
}  // namespace ag
