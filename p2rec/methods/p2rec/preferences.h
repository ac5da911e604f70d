// Step 3 of the method: the prior preference distribution of each user,
//   g_u[k] = (number of interactions of S_u in group k) / |S_u|    S_u the training part of u's sequence
// Also the tables of steps 2 and 3 in a run's folder.
#pragma once

#include "autograd/tensor.h"
#include "nn/io/files.h"
#include "p2rec/data/interactions.h"
#include "p2rec/methods/p2rec/item_groups.h"

namespace p2rec {

// (users,K): row u is g_u and sums to 1, or is zero for a user without a training part. Ignores
// validation and test items.
ag::Tensor user_preferences(const Interactions& data, const ItemGroups& groups);

// The preference (K) of any sequence of items. Throws ag::Error for an empty one.
ag::Tensor preference_of(Sequence items, const ItemGroups& groups);

constexpr const char *kGroupsFile = "groups.tsv", *kPreferencesFile = "preferences.tsv";

// groups.tsv: item_id, group.
void write_groups(const nn::Path& file, const Interactions& data, const ItemGroups& groups);
ItemGroups read_groups(const nn::Path& file, const Interactions& data);  // only `group_of` and `groups`

// preferences.tsv: user_id, one column per group; preferences (users,K).
void write_preferences(const nn::Path& file, const Interactions& data, const ag::Tensor& preferences);

}  // namespace p2rec
