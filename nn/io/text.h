// Text from files: UTF-8 that may be invalid, and names in messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nn {

// Quotes a name from a file for a message: shortens it and writes '?' for bytes that are not printable ASCII.
std::string quote(const std::string& name);

// "00001-of-00003" for i = 0 of 3, as in the names of a model's files.
std::string numbered(int64_t i, int64_t count);

// True for the first byte of a character, and for a byte that is not part of one.
constexpr bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

// The length of the UTF-8 character at the beginning of `text`, 1 to 4; 0 if it is not valid.
size_t utf8_length(std::string_view text);

// The length of the valid UTF-8 at the beginning of `text`.
size_t valid_utf8_length(std::string_view text);

}  // namespace nn
