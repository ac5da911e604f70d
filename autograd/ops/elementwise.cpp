#include "autograd/ops/elementwise.h"

#include <algorithm>
#include <functional>

#include "autograd/kernels.h"
#include "autograd/ops.h"
#include "autograd/ops/dropout_mask.h"
#include "autograd/parallel.h"

namespace ag {
namespace {

Tensor unary(const char* name, Unary op, const Tensor& x) {
  Tensor y = empty_like(x);
  DISPATCH(x.device(), unary_forward, y, x, x.numel(), op);
  return record(name, y, {x}, [op, x = x.detach(), y = y.detach()](const Tensor& dy, const Needs&) -> Grads {
    Tensor dx = empty_like(x);
    DISPATCH(x.device(), unary_backward, dx, dy, x, y, x.numel(), op);
    return {dx};
  });
}

Tensor binary(const char* name, Binary op, const Tensor& a, const Tensor& b) {
  AG_CHECK(a.shape() == b.shape(), name, ": the shapes are ", a.shape(), " and ", b.shape(),
           "; hint: only add_row broadcasts");
  Tensor y = empty_like(a);
  DISPATCH(a.device(), binary_forward, y, a, b, a.numel(), op);
  return y;
}

Tensor scaled(const Tensor& x, real factor) {
  Tensor y = empty_like(x);
  DISPATCH(x.device(), scale, y, factor, x, x.numel());
  return y;
}

}  // namespace

#define UNARY(Name, op, formula, slope) \
  Tensor op(const Tensor& x) { return unary(#op, Unary::Name, x); }
#include "autograd/ops/unary.inc"
#undef UNARY

Tensor add(const Tensor& a, const Tensor& b) {
  return record("add", binary("add", Binary::Add, a, b), {a, b}, [](const Tensor& dy, const Needs&) -> Grads {
    return {dy, dy};
  });
}

Tensor sub(const Tensor& a, const Tensor& b) {
  return record("sub", binary("sub", Binary::Sub, a, b), {a, b},
                [](const Tensor& dy, const Needs& needs) -> Grads {
                  return {dy, needs[1] ? scaled(dy, -1) : Tensor()};
                });
}

Tensor mul(const Tensor& a, const Tensor& b) {
  return record("mul", binary("mul", Binary::Mul, a, b), {a, b},
                [a = a.detach(), b = b.detach()](const Tensor& dy, const Needs& needs) -> Grads {
                  return {needs[0] ? binary("mul", Binary::Mul, dy, b) : Tensor(),
                          needs[1] ? binary("mul", Binary::Mul, dy, a) : Tensor()};
                });
}

Tensor scale(const Tensor& x, double factor) {
  const real a = static_cast<real>(factor);
  return record("scale", scaled(x, a), {x},
                [a](const Tensor& dy, const Needs&) -> Grads { return {scaled(dy, a)}; });
}

Tensor add_row(const Tensor& x, const Tensor& b) {
  const int64_t C = x.dim(-1), R = C ? x.numel() / C : 0;
  AG_CHECK(b.shape() == Shape{C}, "add_row: the row is ", b.shape(), " but x has ", C, " columns");
  Tensor y = empty_like(x);
  DISPATCH(x.device(), add_row, y, x, b, R, C);
  return record("add_row", y, {x, b}, [R, C](const Tensor& dy, const Needs& needs) -> Grads {
    return {dy, needs[1] ? sum_rows(dy.view({R, C})) : Tensor()};
  });
}

Tensor swiglu(const Tensor& gate, const Tensor& up) {
  AG_CHECK(gate.shape() == up.shape(), "swiglu: the gate has shape ", gate.shape(), " but up ", up.shape());
  Tensor y = empty_like(gate);
  DISPATCH(gate.device(), swiglu_forward, y, gate, up, gate.numel());
  return record("swiglu", y, {gate, up},
                [gate = gate.detach(), up = up.detach()](const Tensor& dy, const Needs&) -> Grads {
                  Tensor dgate = empty_like(gate), dup = empty_like(up);
                  DISPATCH(gate.device(), swiglu_backward, dgate, dup, dy, gate, up, gate.numel());
                  return {dgate, dup};
                });
}

Tensor dropout(const Tensor& x, double p, const RandomKey& key, const Tensor& rows) {
  const int64_t C = x.dim(-1), R = C ? x.numel() / C : 0;
  AG_CHECK(p >= 0 && static_cast<real>(p) < 1, "dropout: the rate is ", p, "; expected 0 <= rate < 1");
  AG_CHECK(!rows.defined() || rows.numel() == R, "dropout: ", rows.shape(), " row numbers for x with shape ",
           x.shape());
  if (p == 0) return x;
  const Tensor numbers = rows.defined() ? rows.to(x.device()) : rows;
  const auto masked = [p = static_cast<real>(p), key, numbers, R, C](const Tensor& from) {
    Tensor y = empty_like(from);
    DISPATCH(from.device(), dropout, y, from, numbers, R, C, p, key);
    return y;
  };
  // The gradient uses the same mask, drawn again from the same key.
  return record("dropout", masked(x), {x},
                [masked](const Tensor& dy, const Needs&) -> Grads { return {masked(dy)}; });
}

namespace cpu {

void fill(real* y, real value, int64_t n) { std::fill_n(y, n, value); }

void unary_forward(real* y, const real* x, int64_t n, Unary op) {
  with_function(op, [&](auto function) {
    parallel_chunks(n, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) y[i] = function.y(x[i]);
    });
  });
}

void unary_backward(real* dx, const real* dy, const real* x, const real* y, int64_t n, Unary op) {
  with_function(op, [&](auto function) {
    parallel_chunks(n, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) dx[i] = dy[i] * function.derivative(x[i], y[i]);
    });
  });
}

void binary_forward(real* y, const real* a, const real* b, int64_t n, Binary op) {
  parallel_chunks(n, [&](int64_t begin, int64_t end) {
    const auto each = [&](auto function) {
      for (int64_t i = begin; i < end; ++i) y[i] = function(a[i], b[i]);
    };
    if (op == Binary::Add) each(std::plus());
    if (op == Binary::Sub) each(std::minus());
    if (op == Binary::Mul) each(std::multiplies());
  });
}

void axpy(real* y, real a, const real* x, int64_t n) {
  parallel_chunks(n, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] += a * x[i];
  });
}

void scale(real* y, real a, const real* x, int64_t n) {
  parallel_chunks(n, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = a * x[i];
  });
}

void scale_by(real* y, const real* a, const real* x, int64_t n) { scale(y, *a, x, n); }

void add_row(real* y, const real* x, const real* b, int64_t R, int64_t C) {
  parallel_for(R, C, [&](int64_t r) {
    for (int64_t c = 0; c < C; ++c) y[r * C + c] = x[r * C + c] + b[c];
  });
}

void round_to_bf16(uint16_t* y, const real* x, int64_t n) {
  parallel_chunks(n, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) y[i] = math::to_bf16(static_cast<float>(x[i]));
  });
}

void widen_bf16(real* y, const uint16_t* x, int64_t n) {
  parallel_chunks(n, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) y[i] = math::from_bf16(x[i]);
  });
}

void swiglu_forward(real* y, const real* gate, const real* up, int64_t n) {
  parallel_chunks(n, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = SiluFunction::y(gate[i]) * up[i];
  });
}

void swiglu_backward(real* dgate, real* dup, const real* dy, const real* gate, const real* up, int64_t n) {
  parallel_chunks(n, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const real s = math::sigmoid(gate[i]);
      dup[i] = dy[i] * gate[i] * s;
      dgate[i] = dy[i] * up[i] * s * (1 + gate[i] * (1 - s));
    }
  });
}

void dropout(real* y, const real* x, const int32_t* rows, int64_t R, int64_t C, real p, RandomKey key) {
  constexpr int64_t kGroup = DropoutMask::kGroup;
  const DropoutMask masks(p, key);
  parallel_for(R, C, [&](int64_t r) {
    for (int64_t begin = 0; begin < C; begin += kGroup) {
      real mask[kGroup];
      masks.group(mask, rows ? rows[r] : r, begin / kGroup);
      const int64_t i = r * C + begin, count = std::min(kGroup, C - begin);
      // Not a product, since a dropped infinity must be zero. x is always read, so there are no branches.
#pragma omp simd
      for (int64_t j = 0; j < count; ++j) {
        const real value = x[i + j] * mask[j];
        y[i + j] = mask[j] != 0 ? value : real(0);
      }
    }
  });
}

void adam_step(real* w, real* m, real* v, const real* dw, int64_t n, const AdamStep& step) {
  const AdamFunction update(step);
  parallel_chunks(n, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) update(w[i], m[i], v[i], dw[i]);
  });
}

void adam_step_rows(real* w, real* m, real* v, const real* dw, const int32_t* ids, int64_t U, int64_t C,
                    const AdamStep& step) {
  const AdamFunction update(step);
  parallel_for(U, 8 * C, [&](int64_t i) {
    const int64_t at = ids[i] * C;
#pragma omp simd
    for (int64_t c = 0; c < C; ++c) update(w[at + c], m[at + c], v[at + c], dw[i * C + c]);
  });
}

}  // namespace cpu
}  // namespace ag
