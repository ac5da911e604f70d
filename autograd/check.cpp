#include "autograd/check.h"

#include <cstdio>

namespace ag {

void append(std::string& text, std::string_view value) { text += value; }
void append(std::string& text, char value) { text += value; }
void append(std::string& text, int64_t value) { text += std::to_string(value); }
void append(std::string& text, uint64_t value) { text += std::to_string(value); }

void append(std::string& text, double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%g", value);
  text += digits;
}

void append(std::string& text, const std::vector<int64_t>& list) {
  text += '(';
  for (size_t i = 0; i < list.size(); ++i) {
    if (i) text += ", ";
    append(text, list[i]);
  }
  text += ')';
}

}  // namespace ag
