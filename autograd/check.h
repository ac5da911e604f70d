// Errors. There are two kinds, so that users know if they have to change their input:
//   ag::Error       an operation failed (a wrong shape, a full disk); the program exits with 1
//   ag::InputError  the user's input is wrong (an option, a file, its content); the program exits with 2
// A message names the op, file or option, says what was found and what was expected, and may end with a hint.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ag {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class InputError : public Error {
 public:
  using Error::Error;
};

// Appends one value to a message, as text.
inline void append(std::string& text, std::string_view value) { text += value; }
inline void append(std::string& text, char value) { text += value; }
template <std::integral T>
void append(std::string& text, T value) {
  text += std::to_string(value);
}
inline void append(std::string& text, double value) {  // six significant digits
  char digits[32];
  std::snprintf(digits, sizeof digits, "%g", value);
  text += digits;
}
inline void append(std::string& text, const std::vector<int64_t>& list) {  // a shape: (2, 3)
  text += '(';
  for (size_t i = 0; i < list.size(); ++i) text += (i ? ", " : "") + std::to_string(list[i]);
  text += ')';
}

// Joins its arguments into one string: message("x has shape ", x.shape(), " but ", 3, " columns").
template <class... Parts>
std::string message(const Parts&... parts) {
  std::string text;
  (append(text, parts), ...);
  return text;
}

}  // namespace ag

// The message is built only if the check fails.
#define AG_CHECK(condition, ...)                                     \
  do {                                                               \
    if (!(condition)) throw ::ag::Error(::ag::message(__VA_ARGS__)); \
  } while (false)

#define INPUT_CHECK(condition, ...)                                       \
  do {                                                                    \
    if (!(condition)) throw ::ag::InputError(::ag::message(__VA_ARGS__)); \
  } while (false)
