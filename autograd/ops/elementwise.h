// The table of element-wise functions: each formula y(x) beside its derivative dy/dx, which may use y where
// that is cheaper.
#pragma once

#include <cmath>
#include <numbers>

#include "autograd/kernels.h"
#include "autograd/ops/math.h"

namespace ag {

struct ExpFunction {
  static real y(real x) { return math::exp(x); }
  static real derivative(real, real y) { return y; }
};
struct LogFunction {
  static real y(real x) { return std::log(x); }
  static real derivative(real x, real) { return 1 / x; }
};
struct TanhFunction {
  static real y(real x) { return std::tanh(x); }
  static real derivative(real, real y) { return 1 - y * y; }
};
struct SigmoidFunction {
  static real y(real x) { return math::sigmoid(x); }
  static real derivative(real, real y) { return y * (1 - y); }
};
struct ReluFunction {
  static real y(real x) { return x > 0 ? x : real(0); }
  static real derivative(real x, real) { return x > 0 ? real(1) : real(0); }
};
struct GeluFunction {
  static real normal_cdf(real x) { return real(0.5) * (1 + std::erf(x * real(std::numbers::sqrt2 / 2))); }
  static real y(real x) { return x * normal_cdf(x); }
  static real derivative(real x, real) {
    constexpr real kInverseSqrtTwoPi = real(0.39894228040143267794);
    return normal_cdf(x) + x * kInverseSqrtTwoPi * math::exp(-x * x / 2);
  }
};
struct SiluFunction {
  static real y(real x) { return x * math::sigmoid(x); }
  static real derivative(real x, real) {
    const real s = math::sigmoid(x);
    return s * (1 + x * (1 - s));
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
