// How the sections of a report show items.
#pragma once

#include <string>
#include <vector>

#include "nn/io/json_fwd.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// All items by number of training interactions, most first; ties: the lower index first.
std::vector<int32_t> items_by_frequency(const Interactions& data);

// {"item": the id, "title": the shortened title, or "" if there is none}
nn::OrderedJson shown_item(const Interactions& data, int32_t item);
// The title, or "item ID" if there is none.
std::string item_name(const nn::OrderedJsonReader& shown);
// <li> with the item's name, and `beside` at its right. Escapes both.
std::string listed_item(const nn::OrderedJsonReader& shown, const std::string& beside, bool marked = false);

}  // namespace p2rec
