// Answer to 10c.
//
// 188 bytes are printable characters of Latin-1 and stay; the other 68 get the numbers from 256 on, in their
// order. So a token with a space or half a character can be written into a text file, and nothing is lost:
// the table has an inverse. Codes up to 323 need at most two bytes of UTF-8. char may be signed, so a byte
// becomes a number only through uint8_t.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tutorials/exercises/grade.h"

namespace exercise::n10c {

// The number of the character that a byte is written as.
inline uint32_t code_of(uint8_t byte) {
  const auto stays = [](uint32_t b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174; };
  if (stays(byte)) return byte;
  uint32_t code = 256;
  for (uint32_t b = 0; b < byte; ++b) code += !stays(b);
  return code;
}

// A character below 2048 as UTF-8.
inline std::string utf8(uint32_t code) {
  if (code < 128) return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
}

// The bytes of a text of such characters: the inverse of writing each byte as utf8(code_of(byte)).
inline std::string bytes_of(std::string_view written) {
  std::map<std::string, char> bytes;
  for (int b = 0; b < 256; ++b) bytes[utf8(code_of(static_cast<uint8_t>(b)))] = static_cast<char>(b);
  std::string result;
  for (size_t i = 0; i < written.size();) {
    const size_t length = static_cast<uint8_t>(written[i]) < 128 ? 1 : 2;
    result += bytes.at(std::string(written.substr(i, length)));
    i += length;
  }
  return result;
}

}  // namespace exercise::n10c
