// Dropout as the layers use it.
#pragma once

#include "autograd/ops.h"

namespace nn {

// The dropout of a forward pass: off (evaluation), or on (training) with the random numbers that it draws. Every place that
// draws has its own stream.
struct DropoutContext {
  uint64_t seed = 0;
  uint32_t step = 0;
  bool train = false;
  // (N) I32: the rows' numbers in the random streams, for a batch that is part of another; undefined: they count from 0.
  ag::Tensor rows = {};

  ag::RandomKey key(uint32_t stream) const { return {seed, step, stream}; }
  // For a pass over some of the rows: `some` (M) I32.
  DropoutContext at(const ag::Tensor& some) const;
};

// x with dropout in training, by the stream's random numbers; otherwise x itself.
ag::Tensor dropout(const ag::Tensor& x, double rate, const DropoutContext& context, uint32_t stream);

}  // namespace nn
