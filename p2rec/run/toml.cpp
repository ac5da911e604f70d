#include "p2rec/run/toml.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "autograd/check.h"
#include "p2rec/data/text_file.h"

namespace p2rec {
namespace {

bool is_bare(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; }

void append_utf8(std::string& out, uint32_t c) {
  const auto byte = [&](uint32_t bits) { out += static_cast<char>(bits); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) {
    byte(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      byte(0xE0 | c >> 12);
    } else {
      byte(0xF0 | c >> 18);
      byte(0x80 | (c >> 12 & 0x3F));
    }
    byte(0x80 | (c >> 6 & 0x3F));
  }
  byte(0x80 | (c & 0x3F));
}

class TomlParser {
 public:
  TomlParser(const std::string& text, const std::string& file) : text_(text), file_(file) {}

  std::vector<TomlEntry> parse() {
    std::vector<TomlEntry> entries;
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    for (skip_blank(true); !at_end(); skip_blank(true)) {
      entries.push_back(parse_entry());
      skip_blank(false);
      if (!at_end() && peek() != '\n') fail("the end of the line");
    }
    return entries;
  }

 private:
  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  char next() {
    if (peek() == '\n') ++line_;
    return text_[at_++];
  }

  [[noreturn]] void fail(const std::string& expected) const {
    std::string found = "the end of the file";
    if (!at_end()) {
      found = text_.substr(at_, std::min<size_t>(text_.find('\n', at_) - at_, 20));
      for (char& c : found) c = std::isprint(static_cast<unsigned char>(c)) ? c : '?';
      found = found.empty() ? "the end of the line" : "'" + found + "'";
    }
    throw ag::InputError(ag::message(file_, ":", line_, ": found ", found, "; expected ", expected,
                                     "; hint: options are written as  groups = 20"));
  }

  void expect(char c, const std::string& what) {
    if (peek() != c) fail(what);
    next();
  }

  // Blanks and comments; line ends too if `lines`.
  void skip_blank(bool lines) {
    while (!at_end()) {
      const char c = peek();
      if (c == '#') {
        while (!at_end() && peek() != '\n') next();
      } else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
        next();
      } else {
        return;
      }
    }
  }

  TomlEntry parse_entry() {
    TomlEntry entry;
    entry.line = line_;
    if (peek() == '"' || peek() == '\'') {
      entry.name = parse_string();
    } else {
      while (is_bare(peek())) entry.name += next();
    }
    if (entry.name.empty()) fail("the name of an option");
    skip_blank(false);
    expect('=', "'=' after the name");
    skip_blank(false);
    entry.array = peek() == '[';
    if (entry.array) {
      parse_array(entry.values);
    } else {
      entry.values = {parse_scalar()};
    }
    return entry;
  }

  void parse_array(std::vector<std::string>& values) {
    next();
    for (skip_blank(true); peek() != ']'; skip_blank(true)) {
      values.push_back(parse_scalar());
      skip_blank(true);
      if (peek() == ']') break;
      expect(',', "',' or ']'");
    }
    next();
  }

  std::string parse_scalar() {
    if (peek() == '"' || peek() == '\'') return parse_string();
    const size_t begin = at_;
    std::string value;
    while (is_bare(peek()) || peek() == '.' || peek() == '+') {
      const char c = next();
      if (c != '_') value += c;  // 1_000
    }
    const bool number =
        !value.empty() && (std::isdigit(static_cast<unsigned char>(value.back())) || value.back() == '.');
    if (!number && value != "true" && value != "false") {
      at_ = begin;
      fail("a value: a number, true, false, or a string in quotes");
    }
    return value;
  }

  std::string parse_string() {
    const char quote = next();
    std::string value;
    while (peek() != quote) {
      if (at_end() || peek() == '\n') fail(std::string("the closing ") + quote);
      const char c = next();
      if (c == '\\' && quote == '"') {
        parse_escape(value);
      } else {
        value += c;
      }
    }
    next();
    return value;
  }

  void parse_escape(std::string& value) {
    static const std::string codes = "btnfr\"\\", meaning = "\b\t\n\f\r\"\\";
    const char c = peek();
    if (const size_t i = codes.find(c); c && i != std::string::npos) {
      value += meaning[i];
      next();
    } else if (c == 'u' || c == 'U') {
      next();
      uint32_t code = 0;
      for (int digit = 0; digit < (c == 'u' ? 4 : 8); ++digit) {
        if (!std::isxdigit(static_cast<unsigned char>(peek()))) fail("hexadecimal digits");
        code = code * 16 + static_cast<uint32_t>(std::stoi(std::string(1, next()), nullptr, 16));
      }
      if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) fail("the number of a character");
      append_utf8(value, code);
    } else {
      fail("an escape that TOML knows");
    }
  }

  const std::string& text_;
  const std::string& file_;
  size_t at_ = 0;
  int64_t line_ = 1;
};

}  // namespace

std::vector<TomlEntry> parse_toml(const std::string& text, const std::string& file) {
  return TomlParser(text, file).parse();
}

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += std::string("\\") + c;
    } else if (code < 0x20 || code == 0x7F) {
      result += fmt::format("\\u{:04X}", code);
    } else {
      result += c;
    }
  }
  return result + "\"";
}

}  // namespace p2rec
