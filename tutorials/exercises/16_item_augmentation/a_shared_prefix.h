// 16a Attention after a shared prefix.
//
// P words are the same in all prompts, so their keys and values are computed once. For one head and one
// prompt with T tokens of its own, the query of own token t sees all P words and the own tokens 0 .. t:
//
//   y_t = sum_j p_tj v_j        j over the P words and then over the own tokens up to t
//   p_t = softmax(q_t . k_j / sqrt(D))
//
// The rotary embedding (11) rotates q and k by their position, which counts from the first word: say which
// positions the own tokens have.
//
// Hint 1: ag::concat puts the own keys below those of the prefix.
// Hint 2: ag::attention takes (N,H,D), here with H = 1, and may have fewer queries than keys: the causal mask
// is aligned at the end, so that the last query sees all keys.
// Hint 3: Offsets({n}) is one sequence of n rows. The queries have T, the keys P + T.
#pragma once

#include <vector>

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n16a {

using ag::Tensor;

// The positions of T own tokens after P words.
inline std::vector<int32_t> positions(int64_t P, int64_t T) { throw NotImplemented("the positions"); }

// prefix_k, prefix_v (P,D); q, k, v (T,D). Returns y (T,D).
inline Tensor attend(const Tensor& prefix_k, const Tensor& prefix_v, const Tensor& q, const Tensor& k,
                     const Tensor& v) {
  throw NotImplemented("attention after a prefix");
}

// The multiplications of q k^T for V prompts, D = 1: with every prompt as a whole, and with the prefix once
// (its own attention included). A causal query at place i, from 0, has i + 1 products.
struct Products {
  int64_t whole, shared;
};
inline Products products(int64_t P, int64_t T, int64_t V) { throw NotImplemented("the products"); }

}  // namespace exercise::n16a
