// The table of element-wise functions: each formula y(x) beside its derivative dy/dx, which may use y where
// that is cheaper.
#pragma once

#include <cmath>

#include "autograd/host_device.h"
#include "autograd/kernels.h"
#include "autograd/ops/math.h"

namespace ag {

struct ExpFunction {
  HOST_DEVICE static real y(real x) { return math::exp(x); }
  HOST_DEVICE static real derivative(real, real y) { return y; }
};
struct LogFunction {
  HOST_DEVICE static real y(real x) { return std::log(x); }
  HOST_DEVICE static real derivative(real x, real) { return 1 / x; }
};
struct TanhFunction {
  HOST_DEVICE static real y(real x) { return std::tanh(x); }
  HOST_DEVICE static real derivative(real, real y) { return 1 - y * y; }
};
struct SigmoidFunction {
  HOST_DEVICE static real y(real x) { return math::sigmoid(x); }
  HOST_DEVICE static real derivative(real, real y) { return y * (1 - y); }
};
struct ReluFunction {
  HOST_DEVICE static real y(real x) { return x > 0 ? x : real(0); }
  HOST_DEVICE static real derivative(real x, real) { return x > 0 ? real(1) : real(0); }
};
struct GeluFunction {
  HOST_DEVICE static real y(real x) { return x * math::normal_cdf(x); }
  HOST_DEVICE static real derivative(real x, real) {
    constexpr real kInverseSqrtTwoPi = real(0.39894228040143267794);
    return math::normal_cdf(x) + x * kInverseSqrtTwoPi * math::exp(-x * x / 2);
  }
};
struct SiluFunction {
  HOST_DEVICE static real y(real x) { return x * math::sigmoid(x); }
  HOST_DEVICE static real derivative(real x, real) {
    const real s = math::sigmoid(x);
    return s * (1 + x * (1 - s));
  }
};

// One step of Adam on one number.
struct AdamFunction {
  real beta1, beta2, eps, lr, coupled, shrink, inverse_root2;

  explicit AdamFunction(const AdamStep& step)
      : beta1(static_cast<real>(step.beta1)),
        beta2(static_cast<real>(step.beta2)),
        eps(static_cast<real>(step.eps)),
        lr(static_cast<real>(step.lr / step.bias_correction1)),
        coupled(static_cast<real>(step.decoupled ? 0 : step.weight_decay)),
        shrink(static_cast<real>(step.decoupled ? 1 - step.lr * step.weight_decay : 1)),
        inverse_root2(static_cast<real>(1 / std::sqrt(step.bias_correction2))) {}

  HOST_DEVICE void operator()(real& w, real& m, real& v, real dw) const {
    const real g = dw + coupled * w;
    m += (1 - beta1) * (g - m);
    v = beta2 * v + (1 - beta2) * g * g;
    w = w * shrink - lr * m / (std::sqrt(v) * inverse_root2 + eps);
  }
};

// Calls f with the function that `op` names, so that the loop inside f is compiled once per function.
template <class F>
void with_function(Unary op, const F& f) {
  switch (op) {
    case Unary::Exp:
      return f(ExpFunction{});
    case Unary::Log:
      return f(LogFunction{});
    case Unary::Tanh:
      return f(TanhFunction{});
    case Unary::Sigmoid:
      return f(SigmoidFunction{});
    case Unary::Relu:
      return f(ReluFunction{});
    case Unary::Gelu:
      return f(GeluFunction{});
    case Unary::Silu:
      return f(SiluFunction{});
  }
}

}  // namespace ag
