// The methods by name. A new method is a folder next to this file and a line in registry.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "p2rec/methods/common/method.h"

namespace p2rec {

std::span<const Method> methods();
std::vector<std::string> method_names();

// Throws ag::InputError for an unknown name.
const Method& method_named(const std::string& name);

}  // namespace p2rec
