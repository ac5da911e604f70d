// Answer to 18b.
//
// A permutation of the rows keeps every number: mean, scale, principal components, the set of vectors. Only
// the assignment to the items is lost. So whatever gain stays with the shuffled rows has nothing to do with
// what the vectors say of the items. Fresh random numbers would be a control with more than one difference.
// One permutation is one draw; the mean over several says what the control gives.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "nn/init.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n18b {

using ag::Tensor;

// The rows of x (V,C) in a random order, a function of the seed.
inline Tensor shuffled(const Tensor& x, uint64_t seed) {
  const std::vector<int32_t> order = ag::random_permutation(nn::key_for("shuffled", seed), int32_t(x.dim(0)));
  Tensor y = ag::empty_like(x);
  for (int64_t i = 0; i < x.dim(0); ++i) {
    const int64_t from = order[size_t(i)];
    y.rows(i, i + 1).copy_from(x.rows(from, from + 1));
  }
  return y;
}

// How much of score(vectors) comes from what they say of the items: the score without the mean score of the
// control, over these seeds.
inline double gain_of_content(const std::function<double(const Tensor&)>& score, const Tensor& vectors,
                              const std::vector<uint64_t>& seeds) {
  double control = 0;
  for (const uint64_t seed : seeds) control += score(shuffled(vectors, seed)) / double(seeds.size());
  return score(vectors) - control;
}

}  // namespace exercise::n18b
