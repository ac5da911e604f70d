// Made-up interactions of any size, to measure what a size costs. They are written as they are drawn, so that
// only tables of the items are held.
//
//   items    a popularity of 1 / rank^0.8, the ranks assigned at random; and all items form one cycle
//   users    with probability 1/2 the item that follows the last one in the cycle, else one drawn by
//            popularity; never one that the user has (then the next free one of the cycle)
//   lengths  log-normal around mean_length, at least 5, at most half of the items
//
// The defaults are about the size of beauty. With few users some items may not occur.
#pragma once

#include <cstdint>

#include "nn/io/files.h"

namespace bench {

struct LargeDataConfig {
  int64_t users = 22363, items = 12101;
  double mean_length = 8.9;
  uint64_t seed = 1;
};

// One line per user, `user item item ...`, ids from 1. A user's line depends on the seed, the items and the
// mean length, not on the number of users. Throws ag::InputError unless users >= 1, items >= 10 and 5 <=
// mean_length <= items / 2.
void write_large_data(const nn::Path& file, const LargeDataConfig& config);

}  // namespace bench
