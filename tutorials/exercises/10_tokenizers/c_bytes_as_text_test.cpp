#include "10_tokenizers/c_bytes_as_text.h"

#include <set>
#include <vector>

#include "autograd/check.h"

namespace n10c = exercise::n10c;

namespace {

// The bytes in hex: "c3 a9".
std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    text +=
        (text.empty() ? "" : " ") + std::string{"0123456789abcdef"[byte / 16], "0123456789abcdef"[byte % 16]};
  }
  return text;
}

}  // namespace

EXERCISE("10c", 3, "Bytes as text, and back") {
  grade.part("the character of each byte", [&] {
    for (const auto& [byte, code] : std::vector<std::pair<int, int>>{{'A', 65},
                                                                     {33, 33},
                                                                     {126, 126},
                                                                     {161, 161},
                                                                     {172, 172},
                                                                     {174, 174},
                                                                     {255, 255},
                                                                     {0, 256},
                                                                     {10, 266},
                                                                     {32, 288},
                                                                     {127, 289},
                                                                     {160, 322},
                                                                     {173, 323}}) {
      const auto got = int(n10c::code_of(uint8_t(byte)));
      if (grade.check(got == code, ag::message("byte ", byte, " is character ", got, ", expected ", code)))
        continue;
      grade.check(got != byte, "the byte stays as it is, but it is not printable");
      grade.check(got != 256 + byte || byte == 0,
                  "256 + the byte; expected 256 + the number of others before it");
      return;
    }
    std::set<uint32_t> codes;
    for (int b = 0; b < 256; ++b) codes.insert(n10c::code_of(uint8_t(b)));
    grade.equal("the number of different characters", {int64_t(codes.size())}, {256});
  });
  grade.part("UTF-8", [&] {
    for (const auto& [code, expected] : std::vector<std::pair<uint32_t, std::string>>{{65, "A"},
                                                                                      {127, "\x7f"},
                                                                                      {128, "\xc2\x80"},
                                                                                      {233, "é"},
                                                                                      {288, "Ġ"},
                                                                                      {323, "Ń"},
                                                                                      {2047, "\xdf\xbf"}}) {
      const std::string got = n10c::utf8(code);
      if (grade.check(got == expected,
                      ag::message("character ", code, " is ", hex(got), ", expected ", hex(expected))))
        continue;
      grade.check(got.size() != 1 || code < 128,
                  "one byte for a character from 128 on: that is Latin-1, not UTF-8");
      return;
    }
  });
  grade.part("the way back", [&] {
    using namespace std::string_literals;
    for (const auto& [written, bytes] : std::vector<std::pair<std::string, std::string>>{
             {"Ġthe", " the"}, {"Ċ", "\n"}, {"cafÃ©", "café"}, {"æĿ±äº¬", "東京"}, {"", ""}, {"Ā", "\0"s}}) {
      const std::string got = n10c::bytes_of(written);
      if (!grade.check(got == bytes, "'" + written + "' is " + hex(got) + ", expected " + hex(bytes))) return;
    }
    for (int b = 0; b < 256; ++b) {
      const std::string byte(1, char(b)), written = n10c::utf8(n10c::code_of(uint8_t(b)));
      if (!grade.check(n10c::bytes_of(written) == byte,
                       ag::message("byte ", b, " does not come back; hint: is it negative as a char?")))
        return;
    }
  });
}
