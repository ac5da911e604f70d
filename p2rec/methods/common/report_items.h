// Items as the sections of reports show them.
#pragma once

#include <string>
#include <vector>

#include "nn/io/json_fwd.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// All items, those with most training interactions first, of equals the lower index.
std::vector<int32_t> items_by_frequency(const Interactions& data);

// {"item", "title"}: its id, and its title shortened, "" if it has none.
nn::OrderedJson shown_item(const Interactions& data, int32_t item);
// Its title, or "item ID".
std::string item_name(const nn::OrderedJsonReader& shown);
// <li> with its name, and `beside` at the right; both are escaped.
std::string listed_item(const nn::OrderedJsonReader& shown, const std::string& beside, bool marked = false);

}  // namespace p2rec
