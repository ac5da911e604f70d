// A batch of sequences as the models read it, and the dropout of its rows.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/ops.h"

namespace nn {

// The dropout of a forward pass: off (evaluation), or on (training) with the random numbers that it draws.
// Every place that draws has its own stream.
struct DropoutContext {
  uint64_t seed = 0;
  uint32_t step = 0;
  bool train = false;
  // (N) I32: the rows' numbers in the random streams, for a batch that is part of another; undefined: from 0.
  ag::Tensor rows = {};

  ag::RandomKey key(uint32_t stream) const { return {seed, step, stream}; }
  // For a pass over some of the rows: `some` (M) I32.
  DropoutContext at(const ag::Tensor& some) const;
};

// x with dropout in training, by the stream's random numbers; otherwise x itself.
ag::Tensor dropout(const ag::Tensor& x, double rate, const DropoutContext& context, uint32_t stream);

// A batch of sequences laid end to end (never padded).
struct Packed {
  ag::Tensor ids;          // (N) I32
  ag::Tensor positions;    // (N) I32: from zero, right-aligned to a length, or after a prefix
  ag::Offsets offsets;     // B sequences in N rows
  DropoutContext dropout;  // off unless training
};

// Packs sequences. `last_position` < 0: positions count from zero; otherwise a sequence's last token has
// last_position and the others count down from it (right-aligned).
Packed pack(const std::vector<std::vector<int32_t>>& sequences, int64_t last_position = -1);

// Sequences [begin, end) of a batch, whose dropout draws the random numbers that it draws in the whole batch.
Packed part(const Packed& whole, int64_t begin, int64_t end);

}  // namespace nn
