// Answer to 01a.
//
// exp' = exp, so the result itself is captured. relu' is 1 where the result is above 0. The quotient rule
// gives 1/b and -a/b^2 = -(a/b)/b.
#pragma once

#include <algorithm>
#include <cmath>

#include "tutorials/exercises/01_scalar_autograd/value.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n01a {

using scalar::Grads, scalar::record, scalar::Value;

inline Value exp(const Value& x) {
  const double y = std::exp(x->data);
  return record(y, {x}, [y](double dy) { return Grads{dy * y}; });
}

inline Value relu(const Value& x) {
  const double y = std::max(x->data, 0.0);
  return record(y, {x}, [y](double dy) { return Grads{y > 0 ? dy : 0}; });
}

inline Value divide(const Value& a, const Value& b) {
  const double y = a->data / b->data, divisor = b->data;
  return record(y, {a, b}, [y, divisor](double dy) { return Grads{dy / divisor, -dy * y / divisor}; });
}

}  // namespace exercise::n01a
