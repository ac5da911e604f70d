// 16b Controls that lose one thing.
//
// A control is the same table without one property. Write three, for a table x (V,d) of items in groups:
//
//   shuffled        row i gets the row of another item, at random: the numbers stay without their meaning
//   within groups   the same, but the other item is of the same group: what the group means stays
//   group means     row i is the mean of the rows of its group: nothing but the group is left
//
// The first two return where each row comes from, source[i], so that result row i is x row source[i]; each
// row is used once. They get `order`, a function: order(n) is a random permutation of 0 .. n-1, another one
// at each call.
//
// Hint 1: `shuffled` is one call.
// Hint 2: For each group: list its items, permute the list, and write source[items[j]] = items[permuted[j]].
#pragma once

#include <functional>
#include <vector>

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n16b {

using Order = std::function<std::vector<int32_t>(int32_t n)>;
using Groups = std::vector<int32_t>;  // of each item, 0 .. K-1

inline std::vector<int32_t> shuffled(int32_t V, const Order& order) { throw NotImplemented("shuffled"); }

inline std::vector<int32_t> shuffled_within(const Groups& group_of, const Order& order) {
  throw NotImplemented("shuffled within groups");
}

inline ag::Tensor group_means(const ag::Tensor& x, const Groups& group_of) {
  throw NotImplemented("group means");
}

// Which control tells what? Each answer is one of "shuffled", "within groups", "group means".
struct Answers {
  // A start that is better than random, but not better than this one, gains by its scale and shape only.
  std::string only_statistics;
  // This one keeps mean and spread of every group, so what it loses is what is the item's own.
  std::string own_meaning;
  // This one has less spread than the table: before it starts a recommender it must be scaled.
  std::string must_be_scaled;
};
inline Answers answers() { throw NotImplemented("which control tells what"); }

}  // namespace exercise::n16b
