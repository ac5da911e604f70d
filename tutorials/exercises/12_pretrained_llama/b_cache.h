// 12b A cache of keys and values.
//
// One head writes a text: at each step a query, a key and a value of the newest token arrive, (D) each. The
// query looks at all keys so far, its own too:
//
//   y_t = sum_j p_tj v_j,   p_tj = exp(s_tj) / sum_j' exp(s_tj'),   s_tj = q_t . k_j / sqrt(D),   j <= t
//
// Keep what a later token needs, no more, and compute only the new row. The test compares every y_t with
// attention over the whole sequence, and counts what is kept.
//
// Hint 1: No query is needed a second time.
// Hint 2: First append k and v, then compute the scores of q with all kept keys.
// Hint 3: Subtract the largest score before exp(): the result is the same, and nothing overflows.
#pragma once

#include <cmath>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n12b {

struct Cache {
  std::vector<std::vector<double>> keys, values;  // one row (D) for each token so far
};

// Adds the newest token to the cache and returns its y (D).
inline std::vector<double> next(Cache& cache, const std::vector<double>& q, const std::vector<double>& k,
                                const std::vector<double>& v) {
  throw NotImplemented("one step with a cache");
}

}  // namespace exercise::n12b
