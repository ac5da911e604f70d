// The names of the JSON types, for headers; nn/io/json.h has what works with them.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace nn {

using Json = nlohmann::json;                 // an object's names in alphabetical order
using OrderedJson = nlohmann::ordered_json;  // in the order in which they were given

template <class Json>
struct BasicJsonReader;
using JsonReader = BasicJsonReader<Json>;
using OrderedJsonReader = BasicJsonReader<OrderedJson>;

}  // namespace nn
