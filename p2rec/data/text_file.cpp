#include "p2rec/data/text_file.h"

#include <algorithm>
#include <sstream>

#include "autograd/check.h"
#include "nn/io/text.h"
#include "p2rec/data/text_source.h"

namespace p2rec {
namespace {

// Some editors begin a file of UTF-8 with it; it is no part of the text.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string hex(char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return {'0', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

bool is_control(std::string_view text, size_t i) {
  const char c = text[i];
  if (c == '\t' || c == '\n') return false;
  if (c == '\r') return i + 1 < text.size() && text[i + 1] != '\n';
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool may_be_latin1(std::string_view content) {
  const std::string_view line = content.substr(0, content.find('\n'));
  return !line.starts_with("{") && (line.find("::") != line.npos || line.find('|') != line.npos);
}

// Latin-1 is the first 256 characters of Unicode.
std::string latin1_to_utf8(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x80) result += static_cast<char>(0xC0 | code >> 6);
    result += static_cast<char>(code < 0x80 ? code : 0x80 | (code & 0x3F));
  }
  return result;
}

}  // namespace

TextFault find_text_fault(std::string_view content) {
  int64_t line = 1;
  for (size_t i = 0; i < content.size();) {
    if (is_control(content, i))
      return {line, "the byte " + hex(content[i]) + " does not belong in a text file"};
    const size_t length = nn::utf8_length(content.substr(i));
    if (length == 0) return {line, "the byte " + hex(content[i]) + " is not UTF-8"};
    line += content[i] == '\n';
    i += length;
  }
  return {};
}

std::vector<Line> non_blank_lines(std::string_view content) {
  if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
  std::vector<Line> lines;
  for (int64_t number = 1; !content.empty(); ++number) {
    const size_t end = std::min(content.find('\n'), content.size());
    std::string_view text = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.find_first_not_of(" \t") != text.npos) lines.push_back({number, text});
  }
  return lines;
}

void split_at_blanks(std::string_view text, std::vector<std::string_view>& fields) {
  fields.clear();
  for (size_t begin = 0, end = 0; (begin = text.find_first_not_of(" \t", end)) != text.npos;) {
    end = std::min(text.find_first_of(" \t", begin), text.size());
    fields.push_back(text.substr(begin, end - begin));
  }
}

void split_at(std::string_view separator, std::string_view text, std::vector<std::string_view>& fields) {
  fields.clear();
  for (;;) {
    const size_t end = text.find(separator);
    fields.push_back(text.substr(0, end));
    if (end == text.npos) return;
    text.remove_prefix(end + separator.size());
  }
}

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  for (const char c : text) {
    if (nn::begins_character(c)) columns += static_cast<unsigned char>(c) >= 0xE1 ? 2 : 1;
  }
  return columns;
}

std::string_view cut(std::string_view text, size_t columns) {
  size_t used = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((used += columns_of(text.substr(i, 1))) > columns) return text.substr(0, i);
  }
  return text;
}

std::string wrapped(const std::string& text, size_t indent, size_t begin) {
  constexpr size_t kWidth = 80;
  std::string result;
  size_t used = begin;  // columns of the line
  bool is_empty = true;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const size_t columns = columns_of(word);
    if (!is_empty && used + 1 + columns > kWidth) {
      result += "\n" + std::string(indent, ' ');
      used = indent;
      is_empty = true;
    }
    result += (is_empty ? "" : " ") + word;
    used += (is_empty ? 0 : 1) + columns;
    is_empty = false;
  }
  return result;
}

TextFile::TextFile(const nn::Path& path, const std::string& what)
    : name_(path.string()), content_(read_text(path, what)) {
  INPUT_CHECK(!content_.empty(), name_, ": the ", what, " is empty");
  if (may_be_latin1(content_) && nn::valid_utf8_length(content_) < content_.size())
    content_ = latin1_to_utf8(content_);
  const TextFault fault = find_text_fault(content_);
  INPUT_CHECK(fault.line == 0, at(fault.line), fault.what, "; expected the ", what, " to be text in UTF-8",
              "; hint: is it the right file? `iconv -f ENCODING -t utf-8` converts from other encodings");
  lines_ = non_blank_lines(content_);
  INPUT_CHECK(!lines_.empty(), name_, ": the ", what, " holds nothing but blank lines");
}

std::string TextFile::at(int64_t line) const { return ag::message(name_, ":", line, ": "); }

}  // namespace p2rec
