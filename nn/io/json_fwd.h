// Declares the JSON types, for headers. Their functions are in nn/io/json.h.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace nn {

using Json = nlohmann::json;                 // sorts the names of an object
using OrderedJson = nlohmann::ordered_json;  // keeps the order of the names

template <class Json>
struct BasicJsonReader;
using JsonReader = BasicJsonReader<Json>;
using OrderedJsonReader = BasicJsonReader<OrderedJson>;

}  // namespace nn
