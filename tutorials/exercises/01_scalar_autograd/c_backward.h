// 01c Backward.
//
// Set grad of every leaf to d loss / d leaf, for loss = f(leaves). `newest_first(loss)` gives the numbers in
// the right order; `x->backward(x->grad)` gives the gradients of x->inputs. Three rules:
//
//   1. A number that is used twice gets the sum of both gradients.
//   2. Leaves add up over calls, until the user sets them to 0: the second loss adds to the first.
//   3. The other numbers do not: a second loss that shares some of them must not see the first one's
//      gradient.
//
// Hint 1: d loss / d loss = 1.
// Hint 2: Before the walk, set grad of every number that is not a leaf to 0.
#pragma once

#include "tutorials/exercises/01_scalar_autograd/newest_first.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n01c {

// Adds d loss / d leaf to grad of every leaf. loss is no leaf.
inline void backward(const Value& loss) { throw NotImplemented("backward"); }

}  // namespace exercise::n01c
