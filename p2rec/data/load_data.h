// Interactions by the name that a user gives.
#pragma once

#include <string>

#include "p2rec/data/interactions.h"

namespace p2rec {

// A file or folder (read_interactions.h), or "synthetic" (synthetic.h, with its defaults).
Interactions load_data(const std::string& name);

}  // namespace p2rec
