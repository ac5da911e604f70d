// 11c Temperature and top-p.
//
// Temperature T: the probabilities are softmax(logits / T). Top-p: of the most probable tokens, the fewest
// whose probabilities sum to at least p stay, divided by their sum. A draw u in [0, 1) chooses the first
// token at which the sum of probabilities exceeds u. The test compares with the library's sampling.
//
// Hint 1: exp(logit - the largest logit) is never too large.
// Hint 2: The token with which the sum reaches p stays.
// Hint 3: Sums may end at 0.999...; then the last token is chosen.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n11c {

struct Candidate {
  int32_t id;
  double probability;
};

// All tokens with their probabilities at temperature T > 0, the most probable first; of equal ones the lower
// id first.
inline std::vector<Candidate> by_temperature(const std::vector<double>& logits, double T) {
  throw NotImplemented("probabilities at a temperature");
}

// The candidates that stay with top-p, with probabilities that sum to 1. `list` is in descending order.
inline std::vector<Candidate> nucleus(std::vector<Candidate> list, double p) {
  throw NotImplemented("the nucleus");
}

// The token that is drawn with u in [0, 1).
inline int32_t pick(const std::vector<Candidate>& list, double u) {
  throw NotImplemented("the token that is drawn");
}

}  // namespace exercise::n11c
