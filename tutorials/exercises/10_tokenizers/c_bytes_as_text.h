// 10c Bytes as text, and back.
//
// A token of byte-level BPE is any bytes, but vocabulary files are text. GPT-2 writes each byte as a
// character: the bytes 33 to 126, 161 to 172 and 174 to 255 as the character with that number, the others
// (0 to 32, 127 to 160 and 173) as 256, 257, ... in ascending order. So 'A' is "A", and a space, the 33rd
// of the others, is 288, "Ġ". The test checks all 256 bytes, there and back, and tokens as GPT-2 has them.
//
// Hint 1: How many of the others are smaller than the byte?
// Hint 2: UTF-8: below 128 one byte; below 2048 two, 110xxxxx 10xxxxxx, the upper five bits first.
// Hint 3: char may be signed: write static_cast<uint8_t>(c) before you calculate.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tutorials/exercises/grade.h"

namespace exercise::n10c {

// The number of the character that a byte is written as.
inline uint32_t code_of(uint8_t byte) { throw NotImplemented("the character of a byte"); }

// A character below 2048 as UTF-8.
inline std::string utf8(uint32_t code) { throw NotImplemented("UTF-8"); }

// The bytes of a text of such characters: the inverse of writing each byte as utf8(code_of(byte)).
inline std::string bytes_of(std::string_view written) { throw NotImplemented("the bytes of a text"); }

}  // namespace exercise::n10c
