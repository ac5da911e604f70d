// 08b Attention in parts.
//
// One query, many keys. A part of the keys can be summed up without the others:
//
//   top = max_j s_j,   sum = sum_j exp(s_j - top),   y = sum_j exp(s_j - top) v_j
//
// part_of_keys.h has them as a Part. Two such parts can be merged into that of all their keys, so keys can be
// read in tiles, and tiles by different processors: the idea of fused attention. A part without keys has top
// = -infinity, sum = 0, y = 0. The test cuts keys at every place, and uses scores of 1000, of which no exp
// exists.
//
// Hint 1: With the new top, the old exp(s_j - old top) becomes exp(s_j - old top) exp(old top - new top).
// Hint 2: Try two parts without keys: -infinity - -infinity is no number.
// Hint 3: log sum_j exp(s_j) = top + log(sum).
#pragma once

#include "tutorials/exercises/08_attention/part_of_keys.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n08b {

// The part of all keys of a and b.
inline Part merged(const Part& a, const Part& b) { throw NotImplemented("two parts as one"); }

// The result of attention: sum_j p_j v_j (D). The part has at least one key.
inline std::vector<double> result_of(const Part& part) { throw NotImplemented("the mean of the values"); }

// log sum_j exp(s_j), the one number that the backward pass needs of a query.
inline double log_sum_exp(const Part& part) { throw NotImplemented("log-sum-exp"); }

}  // namespace exercise::n08b
