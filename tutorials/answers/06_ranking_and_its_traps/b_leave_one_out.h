// Answer to 06b.
//
// One function knows the cut, and all others ask it. Every leak of chapter 06 was a place that read the whole
// sequence.
#pragma once

#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n06b {

using Items = std::vector<int32_t>;

struct Split {
  Items training;
  int32_t validation = -1, test = -1;
};

inline Split leave_one_out(const Items& sequence) {
  if (sequence.size() < 3) return {sequence};
  return {{sequence.begin(), sequence.end() - 2}, sequence[sequence.size() - 2], sequence.back()};
}

inline Items validation_history(const Items& sequence) { return leave_one_out(sequence).training; }

inline Items test_history(const Items& sequence) {
  const Split split = leave_one_out(sequence);
  Items history = split.training;
  if (split.test >= 0) history.push_back(split.validation);
  return history;
}

struct Pair {
  Items history;
  int32_t next;
};
inline std::vector<Pair> training_pairs(const Items& sequence) {
  const Items training = leave_one_out(sequence).training;
  std::vector<Pair> pairs;
  for (auto next = training.begin(); next != training.end(); ++next) {
    if (next != training.begin()) pairs.push_back({{training.begin(), next}, *next});
  }
  return pairs;
}

}  // namespace exercise::n06b
