// Answer to 16a.
//
// Words never look at what comes after them, so their keys and values are the same in every prompt, in every
// layer. The own tokens still look at the words: the products of own tokens are not saved, only those among
// the words, and all that is done for each word besides (the projections, the feed-forward layer).
#pragma once

#include <numeric>
#include <vector>

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n16a {

using ag::Tensor;

inline std::vector<int32_t> positions(int64_t P, int64_t T) {
  std::vector<int32_t> at(static_cast<size_t>(T));
  std::iota(at.begin(), at.end(), static_cast<int32_t>(P));
  return at;
}

inline Tensor attend(const Tensor& prefix_k, const Tensor& prefix_v, const Tensor& q, const Tensor& k,
                     const Tensor& v) {
  const int64_t P = prefix_k.dim(0), T = q.dim(0), D = q.dim(1);
  const auto head = [&](const Tensor& x) { return ag::reshape(x, {x.dim(0), 1, D}); };
  const ag::Offsets own({static_cast<int32_t>(T)}), all({static_cast<int32_t>(P + T)});
  const Tensor y = ag::attention(head(q), head(ag::concat({prefix_k, k}, 0)),
                                 head(ag::concat({prefix_v, v}, 0)), own, all, ag::Mask::Causal);
  return ag::reshape(y, {T, D});
}

struct Products {
  int64_t whole, shared;
};
inline Products products(int64_t P, int64_t T, int64_t V) {
  const int64_t words = P * (P + 1) / 2, own = T * P + T * (T + 1) / 2;
  return {V * (words + own), words + V * own};
}

}  // namespace exercise::n16a
