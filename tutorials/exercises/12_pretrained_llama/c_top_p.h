// 12c Which tokens may be drawn.
//
// A model's logits are turned into the tokens that can be drawn, in three steps:
//
//   p_i = exp(l_i / T) / sum_j exp(l_j / T)     temperature T
//   the k tokens with the largest p stay        top-k, if k > 0
//   of these, renormalised, the fewest of the largest stay whose sum is at least P          top-p
//
// At the end the probabilities of those that stay sum to one. Equal tokens are ordered by id. The test compares
// with the library.
//
// Hint 1: Sort ids by logit, then everything is done on the beginning of a list.
// Hint 2: The token that lifts the sum to P or above stays. So at least one stays.
// Hint 3: Renormalise after top-k and once more at the end. P = 1 keeps all, whatever rounding does to the sum.
#pragma once

#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n12c {

struct Candidate {
  int32_t id;
  double probability;
};

// The most probable first. T > 0, k >= 0, 0 < P <= 1.
inline std::vector<Candidate> candidates(const std::vector<double>& logits, double T, int64_t k, double P) {
  throw NotImplemented("temperature, top-k and top-p");
}

}  // namespace exercise::n12c
