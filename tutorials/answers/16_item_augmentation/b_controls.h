// Answer to 16b.
//
// A table that only carries groups is as good as its shuffle within groups. Group means answer nearly the
// same question, but they also change the spread, and with it how a recommender starts: two differences at
// once, and one cannot say which of them mattered.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n16b {

using Order = std::function<std::vector<int32_t>(int32_t n)>;
using Groups = std::vector<int32_t>;

inline std::vector<int32_t> shuffled(int32_t V, const Order& order) { return order(V); }

inline std::vector<std::vector<int32_t>> members_of(const Groups& group_of) {
  std::vector<std::vector<int32_t>> members(static_cast<size_t>(std::ranges::max(group_of)) + 1);
  for (size_t i = 0; i < group_of.size(); ++i)
    members[static_cast<size_t>(group_of[i])].push_back(static_cast<int32_t>(i));
  return members;
}

inline std::vector<int32_t> shuffled_within(const Groups& group_of, const Order& order) {
  std::vector<int32_t> source(group_of.size());
  for (const std::vector<int32_t>& items : members_of(group_of)) {
    const std::vector<int32_t> permuted = order(static_cast<int32_t>(items.size()));
    for (size_t j = 0; j < items.size(); ++j)
      source[static_cast<size_t>(items[j])] = items[static_cast<size_t>(permuted[j])];
  }
  return source;
}

inline ag::Tensor group_means(const ag::Tensor& x, const Groups& group_of) {
  const int64_t d = x.dim(1);
  ag::Tensor means = ag::Tensor::zeros(x.shape());
  for (const std::vector<int32_t>& items : members_of(group_of)) {
    for (const int32_t to : items) {
      for (const int32_t from : items) {
        for (int64_t c = 0; c < d; ++c)
          means.data()[to * d + c] += x.data()[from * d + c] / static_cast<double>(items.size());
      }
    }
  }
  return means;
}

struct Answers {
  std::string only_statistics, own_meaning, must_be_scaled;
};
inline Answers answers() { return {"shuffled", "within groups", "group means"}; }

}  // namespace exercise::n16b
