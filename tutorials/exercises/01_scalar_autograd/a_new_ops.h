// 01a Three new ops.
//
//   exp(x),    relu(x) = max(x, 0),    divide(a, b) = a / b
//
// Write them as `mul` is written in value.h: compute the result, and give `record` a lambda that turns dy,
// the gradient of the result, into the gradients of the inputs. The derivative of relu at 0 is taken to be 0.
// The test compares each gradient with a finite difference.
//
// Hint 1: The lambda outlives the function: it captures plain numbers by value, never references.
// Hint 2: The derivative of exp is its own result.
// Hint 3: d(a/b)/da = 1/b and d(a/b)/db = -a/b^2.
#pragma once

#include "tutorials/exercises/01_scalar_autograd/value.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n01a {

using scalar::Value;

inline Value exp(const Value& x) { throw NotImplemented("exp"); }

inline Value relu(const Value& x) { throw NotImplemented("relu"); }

inline Value divide(const Value& a, const Value& b) { throw NotImplemented("divide"); }

}  // namespace exercise::n01a
