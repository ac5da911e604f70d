// Reads users' text files as lines with their numbers.
//
// A file is plain or compressed with gzip (RFC 1952), which is recognised by its first two bytes, 1F 8B;
// several members are read as one text. Other kinds of files (Parquet, zip, xz, bzip2, zstd, HDF5, Excel,
// ...) are recognised by their first bytes and refused with an error that has the command to convert them.
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
  int64_t number = 0;  // from 1
  std::string_view text;
};

// Why `content` is not UTF-8 text without control characters. line = 0: it is.
struct TextFault {
  int64_t line = 0;
  std::string what;
};
TextFault find_text_fault(std::string_view content);

// The non-blank lines of `content`, without line ends (LF or CRLF) and byte-order mark.
std::vector<Line> non_blank_lines(std::string_view content);

// Splits a line into `fields`, which is emptied first: at runs of blanks and tabs, or at each separator (then
// fields may be empty).
void split_at_blanks(std::string_view text, std::vector<std::string_view>& fields);
void split_at(std::string_view separator, std::string_view text, std::vector<std::string_view>& fields);

// True for one digit or more.
bool is_digits(std::string_view text);
// The field as a number; none if it is not a number or does not fit the type.
template <class Number>
std::optional<Number> parse_field(std::string_view field) {
  Number number{};
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return number;
}

// Terminal columns of UTF-8 text. Characters from U+1000 count as two columns.
size_t columns_of(std::string_view text);
// The longest prefix of the text with at most this many columns.
std::string_view cut(std::string_view text, size_t columns);
// Wraps the words at 80 columns; a longer word has a line of its own. The first line begins at the column
// `begin`, the others after `indent` blanks. No line end after the last line.
std::string wrapped(const std::string& text, size_t indent = 0, size_t begin = 0);

// The text of a file. Throws ag::InputError if it cannot be read, if the gzip data are damaged or end early,
// and for another kind of file. `what` names the file's purpose in messages.
std::string read_text(const nn::Path& path, const std::string& what);
// At most its first `most` bytes. Does not notice damage after them. Throws as read_text.
std::string beginning_of_text(const nn::Path& path, size_t most);

// A whole file as lines. Throws as read_text, and ag::InputError if the file is not text (naming the line) or
// has only blank lines. Text is UTF-8. A file that is not UTF-8 and has :: or | in its first line is read as
// Latin-1, like MovieLens' movies.dat and u.item.
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
