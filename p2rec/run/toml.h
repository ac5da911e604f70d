// The part of TOML (toml.io) that a list of options needs: comments, and lines
//
//   name = value        a string "..." or '...', a number, true or false, or an array of those, over one or more lines
//
// CLI11 has a reader too, but it cuts a quoted value at '#' and knows no escapes, and so would change some paths.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace p2rec {

struct TomlEntry {
  std::string name;
  std::vector<std::string> values;  // one, or the elements of an array; strings without quotes and escapes
  bool array = false;
  int64_t line = 0;  // from 1
};

// Throws ag::InputError naming the file and the line. Tables, dates and nested arrays are refused.
std::vector<TomlEntry> parse_toml(const std::string& text, const std::string& file);

std::string toml_string(std::string_view text);  // in quotes, escaped

}  // namespace p2rec
