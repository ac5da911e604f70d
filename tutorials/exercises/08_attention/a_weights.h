// 08a The weights of attention.
//
//   s_ij = q_i . k_j / sqrt(D),   s_ij = -infinity for j > i,   p_ij = exp(s_ij) / sum_j' exp(s_ij')
//
// Three small functions on matrices, one head. The causal mask hides from query i every key after place i;
// its own place it sees. Write the softmax so that no score is too large for it. The test checks each
// function, and at the end p v against the library's fused attention.
//
// Hint 1: Row i of the weights sums to 1, whatever is hidden.
// Hint 2: exp(1000) is infinite, but exp(s - max s) is at most 1, and the quotient is the same.
#pragma once

#include <algorithm>
#include <cmath>

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n08a {

using ag::real, ag::Tensor;

// q, k (T,D) -> (T,T): row i has the scores of query i for all keys.
inline Tensor scores(const Tensor& q, const Tensor& k) { throw NotImplemented("scores"); }

// s (T,T) -> (T,T): the same with -infinity where a query must not look.
inline Tensor causal(const Tensor& s) { throw NotImplemented("the causal mask"); }

// s (T,T) -> (T,T): the softmax of each row. Every row has a finite score.
inline Tensor softmax_rows(const Tensor& s) { throw NotImplemented("the softmax of each row"); }

}  // namespace exercise::n08a
