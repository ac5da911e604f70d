// 14a k-means on the sphere.
//
// If only directions count, compare by cosine, with centroids of length 1 too:
//
//   assign   k_i = the k with the largest e_i . c_k
//   move     c_k = m / |m|,  m = the sum of all e_i with k_i = k
//
// The objective is sum_i e_i . c_(k_i), and neither step makes it smaller. All e_i have length 1. A centroid
// whose group is empty stays where it is. Equally near centroids: the lower number. The test compares one
// round and watches the objective.
//
// Hint 1: For unit vectors |e - c|^2 = 2 - 2 e . c, so assign is the one of k-means.
// Hint 2: Of all unit vectors c, m / |m| has the largest m . c. The mean, which is shorter, does not have
// length 1.
#pragma once

#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n14a {

using Rows = std::vector<std::vector<double>>;

inline std::vector<int64_t> assign(const Rows& e, const Rows& c) {
  throw NotImplemented("the nearest by cosine");
}

// The new centroids from the old ones, c.
inline Rows move(const Rows& e, const std::vector<int64_t>& group_of, const Rows& c) {
  throw NotImplemented("centroids of length 1");
}

}  // namespace exercise::n14a
