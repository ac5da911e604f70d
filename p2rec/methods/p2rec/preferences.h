// Step 3 of the method: the prior preference distribution of each user,
//   g_u[k] = #(interactions of S_u in group k) / |S_u|,   S_u the training part of u's sequence.
#pragma once

#include "autograd/tensor.h"
#include "p2rec/data/interactions.h"
#include "p2rec/methods/p2rec/item_groups.h"

namespace p2rec {

// (users, K): row u is g_u; each row sums to one. Validation and test items are not looked at.
ag::Tensor user_preferences(const Interactions& data, const ItemGroups& groups);

// (K): the same for any sequence of items. Throws ag::Error for an empty one.
ag::Tensor preference_of(Sequence items, const ItemGroups& groups);

}  // namespace p2rec
