// 15a Instances, and what they cost.
//
// A user's sequence has T items. The last is the test target, the one before it the validation target, and
// the first T - 2 are the training part, if T > 2; otherwise the user has only a training part, of all T
// items.
//
//   user-level       one prompt: the training part
//   instance-level   a prompt for each training item but the first: the items before it, and it is the target
//
// A prompt shows the last `history` of its items and has `words` tokens besides. List the instances of a
// sequence, and count the tokens of both ways for a training part of n items.
//
// Hint 1: Neither held-out item may be in a history or a target, and no target in its own history.
// Hint 2: The instance at place t has min(t, history) + words tokens, t = 1 .. n-1.
#pragma once

#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n15a {

struct Instance {
  std::vector<int32_t> history;  // all items before the target, in their order
  int32_t target;
};
// In the order of the sequence.
inline std::vector<Instance> instances(const std::vector<int32_t>& sequence) {
  throw NotImplemented("the instances");
}

// Tokens for a user with n >= 1 training items.
inline int64_t user_level_tokens(int64_t n, int64_t history, int64_t words) {
  throw NotImplemented("the tokens of one prompt");
}
inline int64_t instance_level_tokens(int64_t n, int64_t history, int64_t words) {
  throw NotImplemented("the tokens of all instances");
}

}  // namespace exercise::n15a
