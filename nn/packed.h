// A batch of sequences as the models read it.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/dropout.h"

namespace nn {

// A batch of sequences laid end to end (never padded).
struct Packed {
  ag::Tensor ids;  // (N) I32
  ag::Tensor
      positions;  // (N) I32: from zero, right-aligned to a length, or after a prefix, as the model wants
  ag::Offsets offsets;     // B sequences in N rows
  DropoutContext dropout;  // off unless training
};

// Packs sequences. `last_position` < 0: positions count from zero; otherwise a sequence's last token has last_position and
// the others count down from it (right-aligned).
Packed pack(const std::vector<std::vector<int32_t>>& sequences, int64_t last_position = -1);

// Sequences [begin, end) of a batch, whose dropout draws the random numbers that it draws in the whole batch.
Packed part(const Packed& whole, int64_t begin, int64_t end);

}  // namespace nn
