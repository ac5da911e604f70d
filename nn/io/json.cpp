#include "nn/io/json.h"

#include <cmath>
#include <cstdint>
#include <unordered_set>

#include "nn/io/text.h"

namespace nn {

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

template <class Json>
std::string json_text(const Json& json, int indent, bool ascii) {
  return json.dump(indent, ' ', ascii);
}

template <class Json>
void BasicJsonReader<Json>::refuse(const std::string& expected) const {
  const std::string found =
      json.is_structured() ? quote(json_text(json)) : json_text(json, -1, true).substr(0, 80);
  throw ag::InputError(ag::message(place(), " is ", found, "; expected ", expected));
}

template <class Json>
std::string BasicJsonReader<Json>::place() const {
  return file + (name.empty() ? ": it" : ": '" + name + "'");
}

template <class Json>
bool BasicJsonReader<Json>::has(const char* key) const {
  return json.is_object() && json.contains(key) && !json.at(key).is_null();
}

template <class Json>
BasicJsonReader<Json> BasicJsonReader<Json>::operator[](const char* key) const {
  if (!json.is_object()) refuse("an object");
  INPUT_CHECK(json.contains(key), place(), " has no entry '", key, "'");
  return {json.at(key), file, name.empty() ? key : name + "." + key};
}

template <class Json>
std::vector<BasicJsonReader<Json>> BasicJsonReader<Json>::list() const {
  if (!json.is_array()) refuse("a list");
  std::vector<BasicJsonReader> entries;
  for (size_t i = 0; i < json.size(); ++i) entries.push_back({json[i], file, ag::message(name, "[", i, "]")});
  return entries;
}

template <class Json>
std::string BasicJsonReader<Json>::string() const {
  if (!json.is_string()) refuse("a string");
  return json.template get<std::string>();
}

template <class Json>
bool BasicJsonReader<Json>::flag() const {
  if (!json.is_boolean()) refuse("true or false");
  return json.template get<bool>();
}

template <class Json>
int64_t BasicJsonReader<Json>::integer() const {
  const bool fits = !json.is_number_unsigned() || json.template get<uint64_t>() <= uint64_t{INT64_MAX};
  if (!json.is_number_integer() || !fits) refuse("an integer");
  return json.template get<int64_t>();
}

template <class Json>
double BasicJsonReader<Json>::number() const {
  if (!json.is_number() || !std::isfinite(json.template get<double>())) refuse("a number");
  return json.template get<double>();
}

template <class Json>
std::string BasicJsonReader<Json>::string_or(const char* key, const std::string& otherwise) const {
  return has(key) ? (*this)[key].string() : otherwise;
}

template <class Json>
bool BasicJsonReader<Json>::flag_or(const char* key, bool otherwise) const {
  return has(key) ? (*this)[key].flag() : otherwise;
}

template <class Json>
int64_t BasicJsonReader<Json>::integer_or(const char* key, int64_t otherwise) const {
  return has(key) ? (*this)[key].integer() : otherwise;
}

template <class Json>
double BasicJsonReader<Json>::number_or(const char* key, double otherwise) const {
  return has(key) ? (*this)[key].number() : otherwise;
}

template <class Json>
void BasicJsonReader<Json>::only(const std::set<std::string>& names) const {
  if (!json.is_object()) refuse("an object");
  for (const auto& item : json.items()) {
    INPUT_CHECK(names.contains(item.key()), place(), " has an entry ", quote(item.key()),
                ", which is not supported");
  }
}

template <class Json>
Json read_json_object(const Path& path, const std::string& what) {
  const std::string file = path.string();
  try {
    Json json = parse_json<Json>(read_file(path, what), file);
    INPUT_CHECK(json.is_object(), file, ": holds ", json.type_name(), "; expected a JSON object");
    return json;
  } catch (const typename Json::exception& problem) {
    throw ag::InputError(ag::message(file, ": is not JSON: ", problem.what()));
  }
}

template Json parse_json(const std::string&, const std::string&);
template OrderedJson parse_json(const std::string&, const std::string&);
template std::string json_text(const Json&, int, bool);
template std::string json_text(const OrderedJson&, int, bool);
template struct BasicJsonReader<Json>;
template struct BasicJsonReader<OrderedJson>;
template Json read_json_object(const Path&, const std::string&);
template OrderedJson read_json_object(const Path&, const std::string&);

}  // namespace nn
