// The random masks of dropout: which numbers are kept, and what they are multiplied by.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "autograd/host_device.h"
#include "autograd/rng.h"
#include "autograd/tensor.h"

namespace ag {

// The high half of the random counter is a row's number, the low half a block of words within the row: an
// element's mask does not depend on the other rows. Sixteen bits decide about an element, so the rate is
// rounded to 1/65536. Eight blocks of words decide about a group of 64 elements: word w of block b about 16 w
// + b with its low half, about 16 w + 8 + b with its high half. So nothing changes places in vector
// registers.
class DropoutMask {
 public:
  static constexpr int64_t kGroup = 64;

  DropoutMask(real p, const RandomKey& key)
      : key_(key),
        threshold_(std::min(static_cast<uint32_t>(std::lround(double(p) * 0x1p16)), 0xFFFFu)),
        kept_(static_cast<real>(0x1p16 / (0x1p16 - threshold_))) {}

  // Of the elements kGroup * group .. + 63 of a row: 0, or 1 / (1 - p).
  void group(real (&mask)[kGroup], int64_t row, int64_t group) const {
    uint32_t words[4][8];
    random_blocks8(key_, first_block(row, group), words);
    // Multiplied, not chosen, and from copies: the compiler makes branches of a choice.
    const uint32_t threshold = threshold_;
    const real kept = kept_;
    for (int w = 0; w < 4; ++w) {
#pragma omp simd
      for (int b = 0; b < 8; ++b) {
        mask[16 * w + b] = kept * static_cast<real>((words[w][b] & 0xFFFF) >= threshold);
        mask[16 * w + 8 + b] = kept * static_cast<real>(words[w][b] >> 16 >= threshold);
      }
    }
  }

  // The same for one element.
  HOST_DEVICE real element(int64_t row, int64_t i) const {
    const auto within = static_cast<unsigned>(i % kGroup), word = within / 16, block = within % 8;
    const uint32_t bits = random_block(key_, first_block(row, i / kGroup) + block)[word];
    return (within % 16 < 8 ? bits & 0xFFFF : bits >> 16) >= threshold_ ? kept_ : real(0);
  }

 private:
  HOST_DEVICE static uint64_t first_block(int64_t row, int64_t group) {
    return static_cast<uint64_t>(row) << 32 | static_cast<uint64_t>(group * kGroup / 8);
  }

  RandomKey key_;
  uint32_t threshold_;
  real kept_;
};

}  // namespace ag
