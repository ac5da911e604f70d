// Answer to 12b.
//
// With the causal mask nothing that is computed for a token changes when others follow. So keys and values
// are kept, and each new token costs one query against all keys. The key is turned before it is kept, by
// the position that the token has in the whole sequence. The token sees itself, so its key is kept first.
#pragma once

#include "tutorials/exercises/12_pretrained_llama/key_cache.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n12b {

// Adds the keys and values of n new tokens, (n,1,D) each, not yet turned.
inline void append(Cache& cache, const Tensor& keys, const Tensor& values) {
  const int64_t end = cache.length + keys.dim(0);
  cache.keys.rows(cache.length, end).copy_from(turned(keys, cache.length));
  cache.values.rows(cache.length, end).copy_from(values);
  cache.length = end;
}

// The result (1,1,D) of the newest token's query (1,1,D), not yet turned. Its key is in the cache already.
inline Tensor attend(const Cache& cache, const Tensor& query) {
  const ag::Offsets one({1}), all({int32_t(cache.length)});
  return ag::attention(turned(query, cache.length - 1), cache.keys.rows(0, cache.length),
                       cache.values.rows(0, cache.length), one, all, ag::Mask::Causal);
}

}  // namespace exercise::n12b
