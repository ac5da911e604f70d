// 08d Pack instead of pad.
//
// A batch of B sequences, padded to the longest (T): B T rows, of which most may be padding. Packed, one
// after the other, it has N = sum of the lengths. Write the way there and the way back. The test runs
// embeddings, attention and a loss on both forms: the same numbers from fewer rows.
//
// padded ids (B,T) I32: the first lengths[b] of row b are tokens, the others are padding.
//
//   | padded     7 3 5 .      packed     7 3 5 2 6 7 4 1
//   |            2 . . .      positions  0 1 2 0 0 1 2 3
//   |            6 7 4 1      offsets    0 3 4 8
//
// Hint 1: ag::Offsets takes the lengths.
// Hint 2: Row t of sequence b is row offsets.at(b) + t of the pack, and row b T + t of the padded batch.
// Hint 3: A mean over padded rows too makes the loss smaller without any learning.
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
  throw NotImplemented("the pack of a padded batch");
}

// x (N,C) -> (B,T,C), with zeros at the padding.
inline Tensor padded_again(const Tensor& x, const ag::Offsets& offsets, int64_t T) {
  throw NotImplemented("the padded batch of a pack");
}

// The mean over the real tokens of losses (B,T), where the padding has a loss too, which must not count.
inline real mean_loss(const Tensor& losses, const std::vector<int32_t>& lengths) {
  throw NotImplemented("the mean over the real tokens");
}

}  // namespace exercise::n08d
