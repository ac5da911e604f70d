// The method's tables in an output folder.
#pragma once

#include "autograd/tensor.h"
#include "nn/io/files.h"
#include "p2rec/data/interactions.h"
#include "p2rec/methods/p2rec/item_groups.h"

namespace p2rec {

constexpr const char *kGroupsFile = "groups.tsv", *kPreferencesFile = "preferences.tsv";

// groups.tsv: item_id, group.  preferences.tsv: user_id, one column per group.
void write_groups(const nn::Path& file, const Interactions& data, const ItemGroups& groups);
ItemGroups read_groups(const nn::Path& file, const Interactions& data);  // labels and their number only
void write_preferences(const nn::Path& file, const Interactions& data,
                       const ag::Tensor& preferences /*(users,K)*/);

}  // namespace p2rec
