// Aggregation of rankings, and how far two rankings agree. Rankings are given as scores (lists, n), higher is
// better; each row is one list.
#pragma once

#include <vector>

#include "autograd/tensor.h"

namespace p2rec {

// The rank of each item: the number of items with a higher score, and half of the others with the same one;
// 0 is first.
std::vector<double> ranks_of(const ag::real* scores, int64_t n);

// (lists, n): the sum over the rankings of n - 1 - rank (Borda 1781).
ag::Tensor borda(const std::vector<ag::Tensor>& rankings);
// (lists, n): the sum over the rankings of 1 / (rank + 1).
ag::Tensor reciprocal_ranks(const std::vector<ag::Tensor>& rankings);

// Kendall's tau of each list: of all pairs of items, the share in the same order minus the share in opposite
// orders. A tied pair counts as neither.
std::vector<double> kendall_taus(const ag::Tensor& a, const ag::Tensor& b);
// The share of the lists that have the same best item in both; ties: the first one.
double share_of_same_best(const ag::Tensor& a, const ag::Tensor& b);

}  // namespace p2rec
