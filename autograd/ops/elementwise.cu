#include "autograd/ops/elementwise.h"

#include "autograd/ops/dropout_mask.h"
#include "autograd/ops/launch.cuh"
#include "autograd/ops/math.h"

namespace ag::cuda {
namespace {

// A functor and no lambda: with_function calls it with several types, which nvcc's device lambdas forbid.
template <class Function>
struct Forward {
  real* y;
  const real* x;
  __device__ void operator()(int64_t i) const { y[i] = Function::y(x[i]); }
};
template <class Function>
struct Backward {
  real* dx;
  const real *dy, *x, *y;
  __device__ void operator()(int64_t i) const { dx[i] = dy[i] * Function::derivative(x[i], y[i]); }
};

}  // namespace

void fill(real* y, real value, int64_t n) {
  for_each(n, [=] __device__(int64_t i) { y[i] = value; });
}

void unary_forward(real* y, const real* x, int64_t n, Unary op) {
  with_function(op, [=](auto function) { for_each(n, Forward<decltype(function)>{y, x}); });
}

void unary_backward(real* dx, const real* dy, const real* x, const real* y, int64_t n, Unary op) {
  with_function(op, [=](auto function) { for_each(n, Backward<decltype(function)>{dx, dy, x, y}); });
}

void binary_forward(real* y, const real* a, const real* b, int64_t n, Binary op) {
  for_each(n, [=] __device__(int64_t i) {
    y[i] = op == Binary::Add ? a[i] + b[i] : op == Binary::Sub ? a[i] - b[i] : a[i] * b[i];
  });
}

void axpy(real* y, real a, const real* x, int64_t n) {
  for_each(n, [=] __device__(int64_t i) { y[i] += a * x[i]; });
}

void scale(real* y, real a, const real* x, int64_t n) {
  for_each(n, [=] __device__(int64_t i) { y[i] = a * x[i]; });
}

void scale_by(real* y, const real* a, const real* x, int64_t n) {
  for_each(n, [=] __device__(int64_t i) { y[i] = *a * x[i]; });
}

void add_row(real* y, const real* x, const real* b, int64_t R, int64_t C) {
  for_each(R * C, [=] __device__(int64_t i) { y[i] = x[i] + b[i % C]; });
}

void round_to_bf16(uint16_t* y, const real* x, int64_t n) {
  for_each(n, [=] __device__(int64_t i) { y[i] = math::to_bf16(static_cast<float>(x[i])); });
}

void widen_bf16(real* y, const uint16_t* x, int64_t n) {
  for_each(n, [=] __device__(int64_t i) { y[i] = math::from_bf16(x[i]); });
}

void swiglu_forward(real* y, const real* gate, const real* up, int64_t n) {
  for_each(n, [=] __device__(int64_t i) { y[i] = SiluFunction::y(gate[i]) * up[i]; });
}

void swiglu_backward(real* dgate, real* dup, const real* dy, const real* gate, const real* up, int64_t n) {
  for_each(n, [=] __device__(int64_t i) {
    const real g = gate[i], d = dy[i], u = up[i], s = math::sigmoid(g);
    dup[i] = d * g * s;
    dgate[i] = d * u * s * (1 + g * (1 - s));
  });
}

void dropout(real* y, const real* x, const int32_t* rows, int64_t R, int64_t C, real p, RandomKey key) {
  const DropoutMask masks(p, key);
  for_each(R * C, [=] __device__(int64_t i) {
    const int64_t r = i / C;
    const real mask = masks.element(rows ? rows[r] : r, i % C);
    y[i] = mask != 0 ? x[i] * mask : real(0);  // a dropped infinity must be zero
  });
}

void adam_step(real* w, real* m, real* v, const real* dw, int64_t n, const AdamStep& step) {
  const AdamFunction update(step);
  for_each(n, [=] __device__(int64_t i) { update(w[i], m[i], v[i], dw[i]); });
}

void adam_step_rows(real* w, real* m, real* v, const real* dw, const int32_t* ids, int64_t U, int64_t C,
                    const AdamStep& step) {
  const AdamFunction update(step);
  for_each(U * C, [=] __device__(int64_t i) {
    const int64_t at = ids[i / C] * C + i % C;
    update(w[at], m[at], v[at], dw[i]);
  });
}

}  // namespace ag::cuda
