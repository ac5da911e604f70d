// Interactions by the name that a user gives.
#pragma once

#include <string>

#include "p2rec/data/data_config.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// Finds the files (data_files.h), reads them (read_interactions.h), filters (filters.h), splits (split.h) and adds the titles
// (titles.h); or "synthetic" (synthetic.h, with its defaults). Throws ag::InputError for whatever is wrong with the files.
Interactions load_data(const DataConfig& config);
Interactions load_data(const std::string& name);  // with the defaults

}  // namespace p2rec
