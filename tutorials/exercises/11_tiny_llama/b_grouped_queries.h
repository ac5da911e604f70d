// 11b Grouped queries.
//
// H heads of queries, but only KV heads of keys and values, H / KV query heads for each. Of 6 query heads and
// 2 key heads the first three query heads use key head 0, the others key head 1. Write that rule, the heads
// repeated for an attention that wants H of each, the gradient of the repetition, and what is saved: the
// numbers in the cache of a model. The test compares with the library's attention.
//
// Hint 1: A group is a run of neighbouring heads.
// Hint 2: A key head that serves three query heads is in the result three times; each has a gradient.
// Hint 3: The cache has keys and values, of each layer and each token.
#pragma once

#include <algorithm>

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n11b {

using ag::Tensor;

// The key head that query head h uses. KV divides H.
inline int64_t key_head(int64_t h, int64_t H, int64_t KV) {
  throw NotImplemented("the key head of a query head");
}

// x (N,KV,D) -> (N,H,D): head h is head key_head(h) of x.
inline Tensor repeated(const Tensor& x, int64_t H) { throw NotImplemented("the repeated heads"); }

// The gradient (N,KV,D) with respect to x, from dy (N,H,D), that with respect to repeated(x, H).
inline Tensor repeated_backward(const Tensor& dy, int64_t KV) {
  throw NotImplemented("the gradient of the repetition");
}

// How many numbers a cache of keys and values holds.
inline int64_t cache_numbers(int64_t layers, int64_t tokens, int64_t KV, int64_t D) {
  throw NotImplemented("the numbers in a cache");
}

}  // namespace exercise::n11b
