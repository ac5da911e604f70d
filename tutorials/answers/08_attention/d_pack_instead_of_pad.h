// Answer to 08d.
//
// A pack drops the places that hold nothing, and says in offsets where each sequence begins. Positions count
// from 0 in each sequence: they are what a position table or a rotation reads. Whatever works on single
// rows (embedding, linear, norm) needs no change; only attention has to know the offsets. The loss is a mean
// over the real tokens in both forms, so it is the same number.
#pragma once

#include <algorithm>
#include <vector>

#include "autograd/offsets.h"
#include "nn/packed.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n08d {

using ag::real, ag::Tensor;

// ids, positions (from 0 in each sequence) and offsets of the batch.
inline nn::Packed packed(const Tensor& padded /*(B,T)*/, const std::vector<int32_t>& lengths) {
  std::vector<int32_t> ids, positions;
  for (size_t b = 0; b < lengths.size(); ++b) {
    for (int32_t t = 0; t < lengths[b]; ++t) {
      ids.push_back(padded.ints()[int64_t(b) * padded.dim(1) + t]);
      positions.push_back(t);
    }
  }
  return {.ids = Tensor::from_ints(ids),
          .positions = Tensor::from_ints(positions),
          .offsets = ag::Offsets(lengths),
          .dropout = {}};
}

// x (N,C) -> (B,T,C), with zeros at the padding.
inline Tensor padded_again(const Tensor& x, const ag::Offsets& offsets, int64_t T) {
  const int64_t C = x.dim(1);
  Tensor y = Tensor::zeros({offsets.sequences(), T, C});
  for (int64_t b = 0; b < offsets.sequences(); ++b)
    std::copy_n(x.data() + offsets.at(b) * C, offsets.length(b) * C, y.data() + b * T * C);
  return y;
}

// The mean over the real tokens of losses (B,T), where the padding has a loss too, which must not count.
inline real mean_loss(const Tensor& losses, const std::vector<int32_t>& lengths) {
  real sum = 0, count = 0;
  for (size_t b = 0; b < lengths.size(); ++b) {
    for (int32_t t = 0; t < lengths[b]; ++t) {
      sum += losses.data()[int64_t(b) * losses.dim(1) + t];
      ++count;
    }
  }
  return sum / count;
}

}  // namespace exercise::n08d
