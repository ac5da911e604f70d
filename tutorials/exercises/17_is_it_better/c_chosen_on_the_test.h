// 17c What may be chosen, and on what?
//
// A training gives a validation and a test result after each epoch. Its report is the test result of the
// epoch that is best on validation. Three people break this rule:
//
//   best_epoch   reports the best test result of all epochs
//   best_seed    trains S seeds and reports the one with the best test result
//   head_start   stops both arms after a few epochs, where a better start is ahead
//
// Write the honest report and the first two, then count what they gain on results that are pure noise: how
// much larger is the largest of n numbers from N(0,1) than one of them, on average? And write what tells a
// head start from a lasting gain: the first epoch from which the baseline's best validation so far reaches
// the best of ours.
//
// Hint 1: Ties go to the earliest epoch: training stops there.
// Hint 2: Average the largest of n numbers over many draws; 20,000 give two digits.
// Hint 3: "Best so far" never falls, so the first epoch that reaches a level is all that counts.
#pragma once

#include <functional>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n17c {

using Curve = std::vector<double>;  // one result for each epoch

// The test result of the epoch that is best on validation.
inline double honest(const Curve& validation, const Curve& test) {
  throw NotImplemented("the honest report");
}
inline double best_epoch(const Curve& test) { throw NotImplemented("the best epoch"); }
inline double best_seed(const std::vector<Curve>& validations, const std::vector<Curve>& tests) {
  throw NotImplemented("the best seed");
}

// The expected largest of n numbers from N(0,1). normal() gives one at each call. Up to 0.03 is near enough.
inline double flattery(int64_t n, const std::function<double()>& normal) {
  throw NotImplemented("the flattery");
}

// The first epoch, from 1, after which the baseline's validation has reached ours at its best; -1 if it never
// does.
inline int64_t caught_up(const Curve& ours, const Curve& baseline) { throw NotImplemented("the epoch"); }

}  // namespace exercise::n17c
