// JSON from files, read strictly. Only .cpp files include this: the JSON library is heavy.
#pragma once

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "autograd/check.h"

namespace nn {

using Json = nlohmann::json;                 // an object's names in alphabetical order
using OrderedJson = nlohmann::ordered_json;  // in the order in which they were given

// The templates are for these two; what takes long to compile is compiled once, in json.cpp.

// Parses `text`; `file` is for messages. Throws Json::parse_error for what is no JSON, and ag::InputError for what the
// library would take but its user better had not: an object with a name twice, of which it keeps one without a word, and
// deep nesting, which exhausts the stack when the library copies, compares or prints such a value level by level.
template <class Json>
Json parse_json(const std::string& text, const std::string& file);

// The value as text, on one line or with so many spaces before each level; `ascii`: other characters as \uXXXX.
template <class Json>
std::string json_text(const Json& json, int indent = -1, bool ascii = false);

// The whole number under `key`. Throws Json::out_of_range where there is none, and ag::InputError for another type and for
// what does not fit; the library's own conversion would cut 2.5 to 2.
template <class Json>
int64_t json_integer(const Json& object, const char* key, const std::string& file) {
  const Json& value = object.at(key);
  const bool fits =
      value.is_number_unsigned()
          ? value.template get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())
          : value.is_number_integer();
  INPUT_CHECK(fits, file, ": ", key, " is ", json_text(value), "; expected a whole number");
  return value.template get<int64_t>();
}

}  // namespace nn
