// A fixed sample of users, always the same for a data set, and nearly the same if the data grow.
#pragma once

#include <vector>

#include "p2rec/data/interactions.h"

namespace p2rec {

// The `most` of these users with the smallest hash of their id, ascending; 0: all of them.
std::vector<int64_t> sampled_users(const Interactions& data, std::vector<int64_t> users, int64_t most);

}  // namespace p2rec
