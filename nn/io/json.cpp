#include "nn/io/json.h"

#include <unordered_set>

namespace nn {

template <class Json>
Json parse_json(const std::string& text, const std::string& file) {
  constexpr int kDeepest = 64;
  using Event = typename Json::parse_event_t;
  std::vector<std::unordered_set<std::string>> names;  // names in each object that is open
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
