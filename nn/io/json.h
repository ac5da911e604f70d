// Strict reading of JSON files. Only .cpp files include this header, because the JSON library is large.
#pragma once

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "autograd/check.h"
#include "nn/io/files.h"
#include "nn/io/json_fwd.h"
#include "nn/io/text.h"

namespace nn {

// The templates are for Json and OrderedJson; json.cpp instantiates them for both.

// Parses `text`; `file` is for messages. Throws Json::parse_error if it is not JSON. Throws ag::InputError
// for two things that the library accepts: a name that occurs twice in an object (the library silently keeps
// one of them), and deep nesting (the library's stack overflows when it copies or prints the value).
template <class Json>
Json parse_json(const std::string& text, const std::string& file);

// The value as a string, on one line or with `indent` spaces per level.
// `ascii`: writes other characters as \uXXXX.
template <class Json>
std::string json_text(const Json& json, int indent = -1, bool ascii = false);

// Reads parts of a JSON value by name and type; null counts as absent. If a part is missing or has another
// type, throws ag::InputError, which says file, place in the file, what was found and what was expected.
// Holds a reference to the value.
template <class Json>
struct BasicJsonReader {
  const Json& json;
  std::string file, name = {};  // name: "model.vocab"; empty: the whole file

  [[noreturn]] void refuse(const std::string& expected) const {
    const std::string found =
        json.is_structured() ? quote(json_text(json)) : json_text(json, -1, true).substr(0, 80);
    throw ag::InputError(ag::message(place(), " is ", found, "; expected ", expected));
  }
  std::string place() const {
    return file + (name.empty() ? ": it" : ": '" + name + "'");
  }  // "FILE: 'model.vocab'"

  bool has(const char* key) const {
    return json.is_object() && json.contains(key) && !json.at(key).is_null();
  }
  BasicJsonReader operator[](const char* key) const {
    if (!json.is_object()) refuse("an object");
    INPUT_CHECK(json.contains(key), place(), " has no entry '", key, "'");
    return {json.at(key), file, name.empty() ? key : name + "." + key};
  }
  std::vector<BasicJsonReader> list() const {
    if (!json.is_array()) refuse("a list");
    std::vector<BasicJsonReader> entries;
    for (size_t i = 0; i < json.size(); ++i)
      entries.push_back({json[i], file, ag::message(name, "[", i, "]")});
    return entries;
  }

  std::string string() const {
    if (!json.is_string()) refuse("a string");
    return json.template get<std::string>();
  }
  bool flag() const {
    if (!json.is_boolean()) refuse("true or false");
    return json.template get<bool>();
  }
  int64_t integer() const {  // stricter than the library, which truncates 2.5 to 2
    const bool fits = !json.is_number_unsigned() || json.template get<uint64_t>() <= uint64_t{INT64_MAX};
    if (!json.is_number_integer() || !fits) refuse("an integer");
    return json.template get<int64_t>();
  }
  double number() const {  // finite
    if (!json.is_number() || !std::isfinite(json.template get<double>())) refuse("a number");
    return json.template get<double>();
  }
  std::string string_or(const char* key, const std::string& otherwise) const {
    return has(key) ? (*this)[key].string() : otherwise;
  }
  bool flag_or(const char* key, bool otherwise) const { return has(key) ? (*this)[key].flag() : otherwise; }
  int64_t integer_or(const char* key, int64_t otherwise) const {
    return has(key) ? (*this)[key].integer() : otherwise;
  }
  double number_or(const char* key, double otherwise) const {
    return has(key) ? (*this)[key].number() : otherwise;
  }

  // Throws ag::InputError if an entry has another name than these.
  void only(const std::set<std::string>& names) const {
    if (!json.is_object()) refuse("an object");
    for (const auto& item : json.items()) {
      INPUT_CHECK(names.contains(item.key()), place(), " has an entry ", quote(item.key()),
                  ", which is not supported");
    }
  }
};
extern template struct BasicJsonReader<Json>;
extern template struct BasicJsonReader<OrderedJson>;

// Reads a file that holds one JSON object. `what` is the kind of file, for messages. Throws ag::InputError.
template <class Json>
Json read_json_object(const Path& path, const std::string& what);

}  // namespace nn
