// 12a A block of five bits.
//
// Q5_0 stores 32 numbers in 22 bytes: a scale d (IEEE half, 2 bytes), 4 bytes of fifth bits, 16 bytes of
// halves.
//
//   x_i = d (q_i - 16),   q_i = four low bits + 16 times the fifth bit
//
// The four low bits are stored as in Q4_0: those of number i, i < 16, are the low half of byte i, those of
// number i + 16 its high half. The fifth bit of number i is bit i of the four bytes, read as one
// little-endian integer: bit 0 of the first byte is bit 0. The test compares with the library, on random
// bytes too.
//
// Hint 1: nn::half_to_float(bits) gives d. bits = block[0] + 256 block[1].
// Hint 2: bit i is block[2 + i / 8] >> (i % 8) & 1.
#pragma once

#include <vector>

#include "nn/io/safetensors.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n12a {

// The 32 numbers of a block of 22 bytes.
inline std::vector<double> decode_q5_0(const uint8_t* block) { throw NotImplemented("a block of Q5_0"); }

}  // namespace exercise::n12a
