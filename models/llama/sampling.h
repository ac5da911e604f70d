// The choice of the next token from a language model's logits, greedily or with a random draw.
//
// Drawing follows transformers' logits processors of the same names, in their order:
//
//   temperature T   logits / T
//   top-k           the k most probable tokens stay
//   top-p           after renormalisation, the fewest most probable of them stay that sum to at least p
//                   (nucleus sampling, Holtzman et al., arXiv 1904.09751)
//
// Then one of them is drawn with its renormalised probability. Equal logits are ordered by id, also in the
// greedy choice, so exactly k tokens stay (transformers also keeps those that equal the k-th).
#pragma once

#include <vector>

#include "models/llama/llama.h"

namespace models {

struct Sampling {
  double temperature = 0;  // 0: always the most probable token
  int64_t top_k = 0;       // 0: all tokens
  double top_p = 1;        // in (0,1]; 1: all tokens
  uint64_t seed = 1;
};

struct Candidate {
  int32_t id = 0;
  double probability = 0;
};

// The tokens that can be drawn, the most probable first; their probabilities sum to one. Computed in double.
// A logit of -inf is never drawn. Throws ag::Error for NaN, for infinity, and if every logit is -inf.
std::vector<Candidate> candidates(const ag::Tensor& logits /*(V)*/, const Sampling& sampling);

// The candidate for a number u in [0,1): the first one at which the sum of probabilities exceeds u.
int32_t pick(const std::vector<Candidate>& candidates, double u);

// Token number `place` (0, 1, ...) of continuation `number`. Its random number depends only on the seed, the
// place and the number.
int32_t next_token(const ag::Tensor& logits /*(V)*/, const Sampling& sampling, int64_t place,
                   uint32_t number = 0);

}  // namespace models
