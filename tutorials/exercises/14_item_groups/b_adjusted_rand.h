// 14b A measure that noise cannot raise.
//
// Purity is 1 if each item is a group of its own. The adjusted Rand index (Hubert and Arabie 1985) counts
// pairs of items that are together in both groupings, and subtracts what chance would give. With n_ij the
// number of items in found group i and true group j, a_i and b_j the sizes of the groups, and C(m) = m (m -
// 1) / 2 pairs among m items:
//
//   R = sum_ij C(n_ij),   A = sum_i C(a_i),   B = sum_j C(b_j),   E = A B / C(n)
//   index = (R - E) / ((A + B) / 2 - E)
//
// It is 1 for equal groupings, whatever the groups are called, and about 0 for random ones, whatever their
// number.
//
// Hint 1: A table of counts n_ij, then its sums along rows and columns.
// Hint 2: Both groupings trivial (one group, or every item its own): the denominator is 0, and the index 1.
#pragma once

#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n14b {

// The groups of n >= 2 items, 0, 1, 2, ...; the groupings may have different numbers of groups.
inline double adjusted_rand(const std::vector<int32_t>& found, const std::vector<int32_t>& truth) {
  throw NotImplemented("the adjusted Rand index");
}

}  // namespace exercise::n14b
