// Answer to 12a.
//
// The codes are 0 .. 31, and 16 is their middle, so that d q needs no minimum. The fifth bits are apart since
// 5 does not divide 8: so the halves stay where Q4_0 has them.
#pragma once

#include <vector>

#include "nn/io/safetensors.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n12a {

inline std::vector<double> decode_q5_0(const uint8_t* block) {
  const float d = nn::half_to_float(static_cast<uint16_t>(block[0] | block[1] << 8));
  std::vector<double> x;
  for (int i = 0; i < 32; ++i) {
    const int fifth = block[2 + i / 8] >> (i % 8) & 1;
    const uint8_t both = block[6 + i % 16];
    const int low = i < 16 ? both & 15 : both >> 4;
    x.push_back(d * static_cast<float>(low + 16 * fifth - 16));
  }
  return x;
}

}  // namespace exercise::n12a
