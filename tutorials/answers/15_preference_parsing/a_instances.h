// Answer to 15a.
//
// With long prompts of words the instances cost about n - 1 times as much; with none and no limit, n^2 / 2
// tokens instead of n.
#pragma once

#include <algorithm>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n15a {

struct Instance {
  std::vector<int32_t> history;
  int32_t target;
};
inline std::vector<Instance> instances(const std::vector<int32_t>& sequence) {
  const size_t training = sequence.size() > 2 ? sequence.size() - 2 : sequence.size();
  std::vector<Instance> found;
  for (size_t t = 1; t < training; ++t)
    found.push_back({{sequence.begin(), sequence.begin() + static_cast<std::ptrdiff_t>(t)}, sequence[t]});
  return found;
}

inline int64_t user_level_tokens(int64_t n, int64_t history, int64_t words) {
  return std::min(n, history) + words;
}
inline int64_t instance_level_tokens(int64_t n, int64_t history, int64_t words) {
  int64_t tokens = 0;
  for (int64_t t = 1; t < n; ++t) tokens += std::min(t, history) + words;
  return tokens;
}

}  // namespace exercise::n15a
