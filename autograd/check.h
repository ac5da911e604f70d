// Errors. Two kinds, because a program's user needs to know whose turn it is:
//   ag::Error       something could not be done (a wrong shape, a full disk); the program exits with 1
//   ag::InputError  what the user gave is wrong (an option, a file, its content); the program exits with 2
// A message names the op, file or option, says what was found and what was expected, and ends with a hint
// where there is one to give.
#pragma once

#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
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

// Appends to a message what one value prints as. Lists of integers (shapes) print as (2, 3).
void append(std::string& text, std::string_view value);
void append(std::string& text, char value);
void append(std::string& text, int64_t value);
void append(std::string& text, uint64_t value);
void append(std::string& text, double value);  // six significant digits
void append(std::string& text, const std::vector<int64_t>& list);
template <std::integral T>
void append(std::string& text, T value) {
  if constexpr (std::is_signed_v<T>) {
    append(text, static_cast<int64_t>(value));
  } else {
    append(text, static_cast<uint64_t>(value));
  }
}

// Joins its arguments into one text: message("x has shape ", x.shape(), " but ", 3, " columns").
template <class... Parts>
std::string message(const Parts&... parts) {
  std::string text;
  (append(text, parts), ...);
  return text;
}

}  // namespace ag

// The message is put together only when the check fails.
#define AG_CHECK(condition, ...)                                     \
  do {                                                               \
    if (!(condition)) throw ::ag::Error(::ag::message(__VA_ARGS__)); \
  } while (false)

#define INPUT_CHECK(condition, ...)                                       \
  do {                                                                    \
    if (!(condition)) throw ::ag::InputError(::ag::message(__VA_ARGS__)); \
  } while (false)
