// Answer to 11c.
//
// With the causal mask nothing that is computed for a token changes when others follow. So keys and values
// are kept, and each new token costs one query against all keys. The key is turned before it is kept, by
// the position that the token has in the whole sequence. The token sees itself, so its key is kept first.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n11c {

using ag::Tensor;

struct Cache {
  Tensor keys, values;  // (capacity,1,D), of which `length` are filled; keys are turned
  int64_t length = 0;
};

// x (n,1,D), turned by the positions first, first + 1, ...
inline Tensor turned(const Tensor& x, int64_t first) {
  const int64_t D = x.dim(2);
  std::vector<double> frequencies;
  for (int64_t i = 0; i < D / 2; ++i) frequencies.push_back(std::pow(10000, -2.0 * double(i) / double(D)));
  std::vector<int32_t> positions(size_t(x.dim(0)));
  std::iota(positions.begin(), positions.end(), int32_t(first));
  return ag::rotary(x, ag::rotation(Tensor::from_ints(positions), frequencies));
}

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

}  // namespace exercise::n11c
