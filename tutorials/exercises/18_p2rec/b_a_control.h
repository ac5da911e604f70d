// 18b A control: is the gain one of content?
//
// Item vectors from a language model start a recommender, and it gets better. Because row i says something
// about item i? Or does any vector of that scale help? The control has the same rows, in a random order: all
// statistics stay, but a row no longer belongs to its item. The test uses two scores, one that depends on the
// content and one that depends only on the scale, and asks which gain survives.
//
// Hint 1: ag::random_permutation(nn::key_for("shuffled", seed), V) is a random order of 0 .. V-1.
// Hint 2: Whole rows move; the numbers of a row stay together.
// Hint 3: The control's score is a mean over the seeds: one order may be lucky.
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
inline Tensor shuffled(const Tensor& x, uint64_t seed) { throw NotImplemented("the rows in a random order"); }

// How much of score(vectors) comes from what they say of the items: the score without the mean score of the
// control, over these seeds.
inline double gain_of_content(const std::function<double(const Tensor&)>& score, const Tensor& vectors,
                              const std::vector<uint64_t>& seeds) {
  throw NotImplemented("the gain over the control");
}

}  // namespace exercise::n18b
