// What lies in the groups of items, for a person to look at.
#pragma once

#include <vector>

#include "p2rec/data/interactions.h"
#include "p2rec/methods/p2rec/item_groups.h"
#include "p2rec/run/results.h"

namespace p2rec {

// A record for each group in their order, with its `top` most frequent items; an item without interactions is not among
// them. Only the training parts are counted: validation and test items are not looked at.
std::vector<GroupRecord> describe_groups(const Interactions& data, const ItemGroups& groups, size_t top = 5);

}  // namespace p2rec
