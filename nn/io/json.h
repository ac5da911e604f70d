// JSON from files, read strictly. Only .cpp files include this: the JSON library is heavy.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "autograd/check.h"
#include "nn/io/files.h"
#include "nn/io/json_fwd.h"

namespace nn {

// The templates are for these two; what takes long to compile is compiled once, in json.cpp.

// Parses `text`; `file` is for messages. Throws Json::parse_error for what is no JSON, and ag::InputError for what the
// library would take but its user better had not: an object with a name twice, of which it keeps one without a word, and
// deep nesting, which exhausts the stack when the library copies, compares or prints such a value level by level.
template <class Json>
Json parse_json(const std::string& text, const std::string& file);

// The value as text, on one line or with so many spaces before each level; `ascii`: other characters as \uXXXX.
template <class Json>
std::string json_text(const Json& json, int indent = -1, bool ascii = false);

// A value of a JSON file, which is asked for its parts by name and type; null counts as absent. Whatever is not as asked for
// is an ag::InputError that names the file, the place in it, and what was found and expected. Refers to the value.
template <class Json>
struct BasicJsonReader {
  const Json& json;
  std::string file, name = {};  // name: "model.vocab"; empty: all of it

  [[noreturn]] void refuse(const std::string& expected) const;
  std::string place() const;  // "FILE: 'model.vocab'"
  bool has(const char* key) const;
  BasicJsonReader operator[](const char* key) const;
  std::vector<BasicJsonReader> list() const;

  std::string string() const;
  bool flag() const;
  int64_t integer() const;  // the library's own conversion would cut 2.5 to 2
  double number() const;    // finite
  std::string string_or(const char* key, const std::string& otherwise) const;
  bool flag_or(const char* key, bool otherwise) const;
  int64_t integer_or(const char* key, int64_t otherwise) const;
  double number_or(const char* key, double otherwise) const;

  void only(const std::set<std::string>& names) const;  // checks that every entry has one of these names
};

// A file that holds one JSON object; `what` says in messages what the file is for. Throws ag::InputError.
template <class Json>
Json read_json_object(const Path& path, const std::string& what);

}  // namespace nn
