// Answer to 08b.
//
// Both parts are brought to the larger top: sum and y of the other one shrink by exp(its top - larger top).
// Then they have the same scale and may be added. A part without keys has top -inf and sum 0: its factor is
// exp(-inf) = 0. Two such parts need a case of their own, since -inf - -inf is no number. A fused kernel
// meets them where the causal mask hides a whole tile.
#pragma once

#include "tutorials/exercises/08_attention/part_of_keys.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n08b {

// The part of all keys of a and b.
inline Part merged(const Part& a, const Part& b) {
  const double top = std::max(a.top, b.top);
  if (top == -INFINITY) return a;
  const double from_a = std::exp(a.top - top), from_b = std::exp(b.top - top);
  Part part{top, a.sum * from_a + b.sum * from_b, a.y};
  for (size_t d = 0; d < part.y.size(); ++d) part.y[d] = a.y[d] * from_a + b.y[d] * from_b;
  return part;
}

// The result of attention: sum_j p_j v_j (D). The part has at least one key.
inline std::vector<double> result_of(const Part& part) {
  std::vector<double> mean = part.y;
  for (double& number : mean) number /= part.sum;
  return mean;
}

// log sum_j exp(s_j), the one number that the backward pass needs of a query.
inline double log_sum_exp(const Part& part) { return part.top + std::log(part.sum); }

}  // namespace exercise::n08b
