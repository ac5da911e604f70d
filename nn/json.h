// JSON from files, read strictly. Only .cpp files include this: the JSON library is heavy.
#pragma once

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_set>
#include <vector>

#include "autograd/check.h"

namespace nn {

// Parses `text`; `file` is for messages. Throws Json::parse_error for what is no JSON, and ag::InputError for what the
// library would take but its user better had not: an object with a name twice, of which it keeps one without a word, and
// deep nesting, which exhausts the stack when the library copies, compares or prints such a value level by level.
template <class Json>
Json parse_json(const std::string& text, const std::string& file) {
  constexpr int kDeepest = 64;
  using Event = typename Json::parse_event_t;
  std::vector<std::unordered_set<std::string>> names;  // of the objects that are open
  const auto check = [&](int depth, Event event, Json& value) {
    INPUT_CHECK(depth < kDeepest, file, ": damaged: its JSON is nested more than ", kDeepest, " levels deep");
    if (event == Event::object_start) names.emplace_back();
    if (event == Event::object_end) names.pop_back();
    if (event == Event::key) {
      const bool is_new = names.back().insert(value.template get_ref<const std::string&>()).second;
      INPUT_CHECK(is_new, file, ": damaged: its JSON has the name ", value.dump(), " twice in one object");
    }
    return true;
  };
  return Json::parse(text, check);
}

// The whole number under `key`. Throws Json::out_of_range where there is none, and ag::InputError for another type and for
// what does not fit; the library's own conversion would cut 2.5 to 2.
template <class Json>
int64_t json_integer(const Json& object, const char* key, const std::string& file) {
  const Json& value = object.at(key);
  const bool fits =
      value.is_number_unsigned()
          ? value.template get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())
          : value.is_number_integer();
  INPUT_CHECK(fits, file, ": ", key, " is ", value.dump(), "; expected a whole number");
  return value.template get<int64_t>();
}

}  // namespace nn
