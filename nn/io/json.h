// JSON from files, read strictly. Only .cpp files include this: the JSON library is heavy.
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

// The templates are for Json and OrderedJson; json.cpp compiles them once for each.

// Parses `text`; `file` is for messages. Throws Json::parse_error for what is not JSON, and ag::InputError
// for two things that the library accepts: an object with a name twice, of which it silently keeps one, and
// deep nesting, which exhausts the stack when the library copies or prints such a value.
template <class Json>
Json parse_json(const std::string& text, const std::string& file);

// The value as text, on one line or with `indent` spaces for each level; `ascii`: other characters as \uXXXX.
template <class Json>
std::string json_text(const Json& json, int indent = -1, bool ascii = false);

// A value of a JSON file, which is asked for its parts by name and type; null counts as absent. Anything else
// is an ag::InputError that names the file, the place in it, and what was found and expected. Refers to the
// value.
template <class Json>
struct BasicJsonReader {
  const Json& json;
  std::string file, name = {};  // name: "model.vocab"; empty: all of it

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
  int64_t integer() const {  // the library's own conversion would cut 2.5 to 2
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

  void only(const std::set<std::string>& names) const {  // checks that every entry has one of these names
    if (!json.is_object()) refuse("an object");
    for (const auto& item : json.items()) {
      INPUT_CHECK(names.contains(item.key()), place(), " has an entry ", quote(item.key()),
                  ", which is not supported");
    }
  }
};
extern template struct BasicJsonReader<Json>;
extern template struct BasicJsonReader<OrderedJson>;

// A file that holds one JSON object; `what` says in messages what the file is for. Throws ag::InputError.
template <class Json>
Json read_json_object(const Path& path, const std::string& what);

}  // namespace nn
