// 12b A step with a cache of keys and values.
//
// While a text is written, one token is new and all others are as before: their keys and values are kept.
// append() adds those of new tokens to the Cache of key_cache.h, attend() lets the newest query look at all
// of them. One head of keys and values, without a mask: what is in the cache is the past. The test feeds a
// sequence in pieces and compares with one pass over the whole of it.
//
// Hint 1: The position of a new token is the number of tokens that are in the cache already.
// Hint 2: Keys are turned by turned() once, before they are kept; values are not turned.
// Hint 3: A token sees itself: append first, then attend.
#pragma once

#include "tutorials/exercises/12_pretrained_llama/key_cache.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n12b {

// Adds the keys and values of n new tokens, (n,1,D) each, not yet turned.
inline void append(Cache& cache, const Tensor& keys, const Tensor& values) {
  throw NotImplemented("keys and values of new tokens");
}

// The result (1,1,D) of the newest token's query (1,1,D), not yet turned. Its key is in the cache already.
inline Tensor attend(const Cache& cache, const Tensor& query) {
  throw NotImplemented("attention of the newest token");
}

}  // namespace exercise::n12b
