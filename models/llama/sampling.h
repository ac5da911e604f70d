// How a language model continues a text: the next token, again and again, greedily or drawn at random.
//
// Drawing follows transformers' logits processors of the same names, in their order:
//
//   temperature T   logits / T
//   top-k           the k most probable tokens stay
//   top-p           of those, renormalised, the fewest most probable ones stay that sum to at least p
//                   (nucleus sampling, Holtzman et al., arXiv 1904.09751)
//
// and then one of the rest is drawn by its renormalised probability. Equal logits count in the order of their
// ids, here and in the greedy choice, so exactly k tokens stay (transformers keeps all that equal the k-th).
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
// A logit may be -inf (never drawn); throws ag::Error for NaN, for infinity, and where every logit is -inf.
std::vector<Candidate> candidates(const ag::Tensor& logits /*(V)*/, const Sampling& sampling);

// The candidate in whose part of [0,1) u lies, where the candidates lie side by side in their order.
int32_t pick(const std::vector<Candidate>& candidates, double u);

// Token `place` (0, 1, ...) of a continuation. Its random number depends on seed and place only.
int32_t next_token(const ag::Tensor& logits /*(V)*/, const Sampling& sampling, int64_t place);

// Continues the prompt until one of `ends` (which is left out) or `count` tokens.
std::vector<int32_t> generate(const Llama& model, const std::vector<int32_t>& prompt, int64_t count,
                              const std::vector<int32_t>& ends, const Sampling& sampling = {});

}  // namespace models
