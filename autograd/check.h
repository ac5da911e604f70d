// Errors. Two kinds, because a program's user needs to know whose turn it is:
//   ag::Error       something could not be done (a wrong shape, a full disk); the program exits with 1
//   ag::InputError  what the user gave is wrong (an option, a file, its content); the program exits with 2
// A message names the op, file or option, says what was found and what was expected, and ends with a hint
// where there is one to give.
#pragma once

#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
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

namespace detail {
template <class T>
void put(std::ostream& out, const T& value) {
  out << value;
}
// Shapes and other lists of integers print as (2, 3).
inline void put(std::ostream& out, const std::vector<int64_t>& shape) {
  out << '(';
  for (size_t i = 0; i < shape.size(); ++i) out << (i ? ", " : "") << shape[i];
  out << ')';
}
}  // namespace detail

// Joins its arguments into one text: message("x has shape ", x.shape(), " but ", 3, " columns").
template <class... Parts>
std::string message(const Parts&... parts) {
  std::ostringstream out;
  (detail::put(out, parts), ...);
  return out.str();
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
