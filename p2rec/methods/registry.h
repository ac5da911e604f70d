// The methods by name. A new method is a folder next to this file and a line in registry.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "p2rec/methods/common/method.h"

namespace p2rec {

std::span<const Method> methods();
std::vector<std::string> method_names();

// The text of `p2rec methods`: each method with its paper, what it needs, its stages, cost, what is as in the
// paper and what is ours. At most 80 columns wide.
std::string methods_text();

// Throws ag::InputError for an unknown name.
const Method& method_named(const std::string& name);

}  // namespace p2rec
