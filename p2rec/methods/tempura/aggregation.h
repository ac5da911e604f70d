// Aggregation of rankings, and how far two rankings agree. Rankings are given as scores (lists, n), higher is
// better; each row is one list.
//
//   Borda              score_i = sum over rankings of n - 1 - rank_i    rank_i: 0 for the first of n items
//   reciprocal rank    score_i = sum over rankings of 1 / (rank_i + 1)
//   Kendall's tau      2 (C - D) / (n (n - 1))    C, D: the pairs in the same order and in opposite orders
#pragma once

#include <vector>

#include "autograd/tensor.h"

namespace p2rec {

// The rank of each item: the number of items with a higher score, and half of the others with the same one;
// 0 is first.
std::vector<double> ranks_of(const ag::real* scores, int64_t n);

// (lists, n), as above (Borda 1781).
ag::Tensor borda(const std::vector<ag::Tensor>& rankings);
// (lists, n), as above.
ag::Tensor reciprocal_ranks(const std::vector<ag::Tensor>& rankings);

// Kendall's tau of each list. A tied pair is in neither order.
std::vector<double> kendall_taus(const ag::Tensor& a, const ag::Tensor& b);
// The share of the lists that have the same best item in both; ties: the first one.
double share_of_same_best(const ag::Tensor& a, const ag::Tensor& b);

}  // namespace p2rec
