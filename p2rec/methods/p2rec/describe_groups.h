// What lies in the groups of items, for a person to look at.
#pragma once

#include "nn/io/json_fwd.h"
#include "p2rec/data/interactions.h"
#include "p2rec/methods/p2rec/item_groups.h"

namespace p2rec {

// A list of {"group", "items", "interactions", "top": [{"item", "title", "interactions"}]}: the groups in their order, each with
// its `top` most frequent items, of equals the lower index first; an item without interactions is not among them. Only the
// training parts are counted.
nn::OrderedJson describe_groups(const Interactions& data, const ItemGroups& groups, size_t top = 5);

}  // namespace p2rec
