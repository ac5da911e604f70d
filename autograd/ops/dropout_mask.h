// The random masks of dropout: 0 for a dropped number, 1 / (1 - p) for a kept one.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "autograd/host_device.h"
#include "autograd/rng.h"
#include "autograd/tensor.h"

namespace ag {

// The high half of the random counter is the row's number, the low half is a block within the row, so an
// element's mask does not depend on other rows. Each element uses 16 random bits, so the rate is rounded to
// 1/65536. A group of 64 elements uses 8 blocks b of 4 words w: the low half of word w is for element
// 16 w + b, the high half for element 16 w + 8 + b. This order needs no shuffles in vector registers.
class DropoutMask {
 public:
  static constexpr int64_t kGroup = 64;

  DropoutMask(real p, const RandomKey& key)
      : key_(key),
        threshold_(std::min(static_cast<uint32_t>(std::lround(double(p) * 0x1p16)), 0xFFFFu)),
        kept_(static_cast<real>(0x1p16 / (0x1p16 - threshold_))) {}

  // The masks of elements kGroup * group .. kGroup * group + 63 of a row.
  void group(real (&mask)[kGroup], int64_t row, int64_t group) const {
    uint32_t words[4][8];
    random_blocks8(key_, first_block(row, group), words);
    // A product and local copies, because the compiler turns `?:` here into branches.
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

  // The mask of one element, the same number.
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
