// Answer to 15c.
//
// A sequence of n items has n - 1 instances with 1 + 2 + ... + n-1 tokens; one pass reads n - 1. What is
// lost: the words after the items, and the freedom to cut each instance's history elsewhere. And all items of
// a user are in one batch together, which is less random.
#pragma once

#include <vector>

#include "autograd/ops.h"
#include "models/llama/llama.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n15c {

inline ag::Tensor all_places_loss(const models::Llama& llm,
                                  const std::vector<std::vector<int32_t>>& sequences) {
  std::vector<std::vector<int32_t>> inputs;
  std::vector<int32_t> targets;
  for (const std::vector<int32_t>& items : sequences) {
    inputs.emplace_back(items.begin(), items.end() - 1);
    targets.insert(targets.end(), items.begin() + 1, items.end());
  }
  return ag::linear_cross_entropy(llm.hidden_states(nn::pack(inputs)), llm.token_table(),
                                  ag::Tensor::from_ints(targets));
}

inline std::pair<int64_t, int64_t> tokens(const std::vector<std::vector<int32_t>>& sequences) {
  int64_t once = 0, each = 0;
  for (const std::vector<int32_t>& items : sequences) {
    const int64_t instances = std::ssize(items) - 1;
    once += instances;
    each += instances * (instances + 1) / 2;
  }
  return {once, each};
}

}  // namespace exercise::n15c
