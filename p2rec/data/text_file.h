// Text files that users bring: whatever wrote them, the readers see clean lines with their numbers.
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

// Why `content` is not UTF-8 text without control characters. line = 0: it is.
struct TextFault {
  int64_t line = 0;
  std::string what;
};
TextFault find_text_fault(std::string_view content);

// The lines of `content` that are not blank, without their ends (LF or CRLF) and without a byte-order mark.
std::vector<Line> non_blank_lines(std::string_view content);

// The fields of a line, into `fields`, which is emptied first. At runs of blanks and tabs; or at each
// separator, so that fields may be empty.
void split_at_blanks(std::string_view text, std::vector<std::string_view>& fields);
void split_at(std::string_view separator, std::string_view text, std::vector<std::string_view>& fields);
inline void split_at_tabs(std::string_view text, std::vector<std::string_view>& fields) {
  split_at("\t", text, fields);
}

// The number that the whole field is; none if it is something else or does not fit the type.
template <class Number>
std::optional<Number> parse_field(std::string_view field) {
  Number number{};
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return number;
}

// Terminal columns of UTF-8 text. From U+1000 on a character may be two wide, and counts so.
size_t columns_of(std::string_view text);
// The longest beginning of the text that has at most this many columns.
std::string_view cut(std::string_view text, size_t columns);
// The words in lines of at most 80 columns; a longer word has a line of its own. The first line begins at the
// column `begin`, the others after `indent` blanks. Without a line's end after the last.
std::string wrapped(const std::string& text, size_t indent = 0, size_t begin = 0);

// A whole file (text_source.h) as lines. Throws ag::InputError naming the file, and the line if there is one,
// if the file cannot be read, is no text, or has only blank lines. `what` says in messages what the file is
// for. Text is UTF-8; a file that is not, and whose first line is cut by :: or |, is Latin-1, as MovieLens'
// movies.dat and u.item are.
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
