// 17a The paired bootstrap over users and seeds.
//
// ours[s][u] and baseline[s][u] are gains of the same seed s and the same user u. How far could their mean
// difference be from that of other seeds and other users? Ask the data:
//
//   1. draw S seeds with replacement, then U users with replacement, the same users for all drawn seeds
//   2. take the mean of ours - baseline over the drawn seeds and users
//   3. repeat it `samples` times; sort; leave out 2.5 % at each end
//
// below(n) gives a random integer from 0 .. n-1, another one at each call.
//
// Hint 1: Subtract first: d[s][u] is all that is needed.
// Hint 2: The interval is from sorted[0.025 samples] to sorted[0.975 samples - 1].
#pragma once

#include <functional>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n17a {

using Gains = std::vector<std::vector<double>>;  // (S,U)
using Below = std::function<size_t(size_t n)>;

struct Interval {
  double mean;       // of the differences themselves, nothing drawn
  double low, high;  // 95 % of the samples
};
// `samples` is a multiple of 40.
inline Interval paired_bootstrap(const Gains& ours, const Gains& baseline, size_t samples,
                                 const Below& below) {
  throw NotImplemented("the bootstrap");
}

}  // namespace exercise::n17a
