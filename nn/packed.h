// A batch of packed sequences, the input of the models, and the dropout of its rows.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/ops.h"

namespace nn {

// The dropout of a forward pass: off in evaluation, on in training, with the key of its random numbers.
// Every place that draws has its own stream.
struct DropoutContext {
  uint64_t seed = 0;
  uint32_t step = 0;
  bool train = false;
  // (N) I32: the row numbers in the random streams, for part of a batch; undefined: 0 .. N-1.
  ag::Tensor rows = {};

  ag::RandomKey key(uint32_t stream) const { return {seed, step, stream}; }
  // The dropout for only some of the rows: `some` (M) I32.
  DropoutContext at(const ag::Tensor& some) const;
};

// x with dropout in training, with the stream's random numbers; otherwise x itself.
ag::Tensor dropout(const ag::Tensor& x, double rate, const DropoutContext& context, uint32_t stream);

// A batch of sequences, one after the other, without padding.
struct Packed {
  ag::Tensor ids;          // (N) I32
  ag::Tensor positions;    // (N) I32: from 0, right-aligned, or after a prefix
  ag::Offsets offsets;     // B sequences in N rows
  DropoutContext dropout;  // off unless training
};

// Packs sequences. If `last_position` < 0, positions count from 0. Otherwise a sequence's last token has
// last_position, and the tokens before it count down (right-aligned).
Packed pack(const std::vector<std::vector<int32_t>>& sequences, int64_t last_position = -1);

// Sequences [begin, end) of a batch. Their dropout draws the same random numbers as in the whole batch.
Packed part(const Packed& whole, int64_t begin, int64_t end);

}  // namespace nn
