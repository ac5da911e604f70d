// 16c Make a control that could have fooled us.
//
// "From our table the recommender learns faster than from random numbers, so the table knows something." Show
// that this conclusion is wrong: make a start that knows nothing, and still wins.
//
// The recommender is a matrix factorisation of ratings R (U,V) into user vectors and item vectors.
// head_start() in fooled_trainer.h trains it for a few steps from a given item table, and returns which share
// of the squared error is left. `random` there is N(0, 0.02^2), as in chapters 16 and 17.
//
//   1. nothing_known: a table (V,d) of no data that leaves less than half of the error that `random` leaves
//   2. fair: what must be done to any table before it is compared, so that 1. no longer wins
//   3. verdict: true if ours has shown that it knows something
//
// The verdict gets what is left from `random`, from ours, and from ours shuffled over the items, all treated
// by `fair`. Ask for a margin of 10 % of what is left from the control.
//
// Hint 1: The gradient of an item's vector is a sum of user vectors, and the other way round. What if both
// begin near 0?
// Hint 2: Nothing but the scale is needed.
// Hint 3: All tables get the same standard deviation over all numbers.
// Hint 4: For 3, random is not the control that has everything but the meaning.
#pragma once

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n16c {

// Use exercise::normal("any name", {V, d}) for random numbers.
inline ag::Tensor nothing_known(int64_t V, int64_t d) { throw NotImplemented("a table that knows nothing"); }

// The table as it may be compared; `random` has the standard deviation 0.02 and the mean 0.
inline ag::Tensor fair(const ag::Tensor& table) { throw NotImplemented("a fair start"); }

inline bool verdict(double random, double ours, double shuffled) { throw NotImplemented("the verdict"); }

}  // namespace exercise::n16c
