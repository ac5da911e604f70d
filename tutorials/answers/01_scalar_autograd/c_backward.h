// Answer to 01c.
//
// `+=` is the multivariable chain rule. Only a leaf keeps what it had: its sum over several losses is what the
// user wants, for the batch that is too large for one pass. The sum of an inner number would be passed on to
// the leaves a second time.
#pragma once

#include <algorithm>
#include <unordered_set>

#include "tutorials/exercises/01_scalar_autograd/value.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n01c {

using scalar::Value;

// All numbers that loss depends on, each before its inputs.
inline std::vector<Value> newest_first(const Value& loss) {
  std::vector<Value> found, to_visit{loss};
  std::unordered_set<Value> seen{loss};
  while (!to_visit.empty()) {
    found.push_back(to_visit.back());
    to_visit.pop_back();
    for (const Value& input : found.back()->inputs) {
      if (seen.insert(input).second) to_visit.push_back(input);
    }
  }
  std::ranges::sort(found, std::greater{}, [](const Value& x) { return x->sequence; });
  return found;
}

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
