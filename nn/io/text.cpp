#include "nn/io/text.h"

#include <algorithm>
#include <cstdint>

namespace nn {

std::string quote(const std::string& name) {
  constexpr size_t kMost = 80;
  std::string text = name.substr(0, kMost);
  for (char& c : text) c = c >= ' ' && c <= '~' ? c : '?';
  return "'" + text + (name.size() > kMost ? "...'" : "'");
}

std::string numbered(int64_t i, int64_t count) {
  const auto five = [](int64_t n) {
    const std::string digits = std::to_string(n);
    return std::string(5 - std::min<size_t>(digits.size(), 5), '0') + digits;
  };
  return five(i + 1) + "-of-" + five(count);
}

size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const uint8_t first = byte(0);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;  // a continuation, an overlong form, or above U+10FFFF
  for (size_t i = 1; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  const uint8_t second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F, too_large = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

size_t valid_utf8_length(std::string_view text) {
  size_t at = 0;
  while (const size_t length = utf8_length(text.substr(at))) at += length;
  return at;
}

}  // namespace nn
