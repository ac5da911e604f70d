// Text files that users bring: whatever system or editor wrote them, the readers see clean lines with their
// numbers.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/io/files.h"

namespace p2rec {

struct Line {
  int64_t number = 0;  // from 1, as editors count
  std::string_view text;
};

// What keeps `content` from being UTF-8 text without control characters. line = 0: nothing does.
struct TextFault {
  int64_t line = 0;
  std::string what;
};
TextFault find_text_fault(std::string_view content);

// The lines of `content` that are not blank, without their ends (LF or CRLF) and without a byte-order mark.
std::vector<Line> non_blank_lines(std::string_view content);

// The fields of a line, into `fields` (emptied first; a caller in a loop so allocates once).
void split_at_blanks(std::string_view text,
                     std::vector<std::string_view>& fields);                       // runs of blanks and tabs
void split_at_tabs(std::string_view text, std::vector<std::string_view>& fields);  // fields may be empty

// With it some editors begin a file of UTF-8; it is no part of the text.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The number that the field is from its first character to its last; none otherwise, and where it does not fit the type.
template <class Number>
std::optional<Number> parse_field(std::string_view field) {
  Number number{};
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return number;
}

// A whole file as lines. Throws ag::InputError naming the file, and the line where there is one, if the file
// cannot be read, is no text, or has no line that is not blank. `what` says in messages what the file is for.
class TextFile {
 public:
  TextFile(const nn::Path& path, const std::string& what);
  TextFile(const TextFile&) = delete;  // the lines are views into the content
  TextFile& operator=(const TextFile&) = delete;

  const std::string& name() const { return name_; }
  const std::vector<Line>& lines() const { return lines_; }  // at least one
  std::string at(int64_t line) const;                        // "FILE:LINE: ", the beginning of a message

 private:
  std::string name_, content_;
  std::vector<Line> lines_;
};

}  // namespace p2rec
