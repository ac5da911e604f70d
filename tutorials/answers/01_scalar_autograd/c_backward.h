// Answer to 01c.
//
// `+=` is the multivariable chain rule. Only a leaf keeps what it had: its sum over several losses is what
// the user wants, for the batch that is too large for one pass. The sum of an inner number would be passed on
// to the leaves a second time.
#pragma once

#include "tutorials/exercises/01_scalar_autograd/newest_first.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n01c {

// Adds d loss / d leaf to grad of every leaf. loss is no leaf.
inline void backward(const Value& loss) {
  const std::vector<Value> order = newest_first(loss);
  for (const Value& x : order) {
    if (!x->inputs.empty()) x->grad = 0;
  }
  loss->grad = 1;
  for (const Value& x : order) {
    if (x->inputs.empty()) continue;
    const scalar::Grads grads = x->backward(x->grad);
    for (size_t i = 0; i < grads.size(); ++i) x->inputs[i]->grad += grads[i];
  }
}

}  // namespace exercise::n01c
