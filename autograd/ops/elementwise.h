// Functors for the loops of both backends: the element-wise functions of unary.inc, and Adam's.
#pragma once

#include <cmath>

#include "autograd/host_device.h"
#include "autograd/kernels.h"
#include "autograd/ops/math.h"

namespace ag {

constexpr real kInverseSqrtTwoPi = real(0.39894228040143267794);

// Makes ExpFunction::y and ExpFunction::derivative, and so on.
#define UNARY(Name, op, formula, slope)                                                                    \
  struct Name##Function {                                                                                  \
    HOST_DEVICE static real y(real x) { return formula; }                                                  \
    HOST_DEVICE static real derivative([[maybe_unused]] real x, [[maybe_unused]] real y) { return slope; } \
  };
#include "autograd/ops/unary.inc"
#undef UNARY

// One step of Adam for one number.
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

// Calls f with the functor of `op`, so that the loop inside f is compiled once per function.
template <class F>
void with_function(Unary op, const F& f) {
  switch (op) {
#define UNARY(Name, op, formula, slope) \
  case Unary::Name:                     \
    return f(Name##Function{});
#include "autograd/ops/unary.inc"
#undef UNARY
  }
}

}  // namespace ag
