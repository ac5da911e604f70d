// 06b Leave one out, and leak nothing.
//
// A user's items are in the order of time. The last is the test target, the one before it the validation
// target, and what is before these is for training. A user of one or two items has no targets, and trains
// with all.
//
// To predict the validation target, a model may see the training part. To predict the test target, it may
// also see the validation item: by then it has happened. A model is trained with pairs (history, next item),
// and no target may be in a pair.
//
// Hint 1: Split by position, not by item: an item may occur twice in a sequence.
// Hint 2: A training part of n items gives n - 1 pairs.
#pragma once

#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n06b {

using Items = std::vector<int32_t>;

struct Split {
  Items training;
  int32_t validation = -1, test = -1;  // -1: this user has none
};

inline Split leave_one_out(const Items& sequence) { throw NotImplemented("the split"); }

// The items that may be seen to predict the validation target and the test target.
inline Items validation_history(const Items& sequence) {
  throw NotImplemented("the history of the validation target");
}
inline Items test_history(const Items& sequence) { throw NotImplemented("the history of the test target"); }

// All pairs of a history that is not empty and the item after it, to train with; the shortest first.
struct Pair {
  Items history;
  int32_t next;
};
inline std::vector<Pair> training_pairs(const Items& sequence) { throw NotImplemented("the training pairs"); }

}  // namespace exercise::n06b
