// Made-up interactions: with a known truth, so that groups, preferences and rankings can be checked against
// it; and of any size, to measure what a size costs.
#pragma once

#include <cstdint>

#include "nn/io/files.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// --- with a known truth ------------------------------------------------------------------------------------
//
//   items         each belongs to one hidden group; groups are equally large, and ids do not tell them.
//                 Within a group the popularity is Zipf-like (rank^-0.9), and the items form a cycle
//   users         prefer few of the groups: the softmax of 1.5 times standard normals
//   groups' walk  with probability 0.25 the next item's group is the present one, with 0.25 the present one's
//                 fixed successor, else it is drawn from the user's preference
//   items' walk   with probability 0.3 the item that follows the user's last one of that group in the cycle,
//                 else one drawn by popularity; never one that the user already has (of a cycle the next free
//                 one). So the order tells more than popularity does. A group that the user has used up
//                 passes on to its successor
//   lengths       log-normal around mean_length, at least 5, at most half of the items; one user in fifty has
//                 only one or two interactions
//   titles        two words of the group's own list and a number: "Misty Harbor 12"
//
// A user's shares of the groups follow the preference, but not exactly: steps to a successor blur them.
//
// The defaults are as sparse as Amazon's sets. `p2rec stats` prints for this data, and for Amazon Beauty in
// brackets: 9.1 (8.9) interactions a user, 16.2 (16.4) an item; the most popular tenth of the items has 44 %
// (43 %) of the interactions; two users who had the same item have the same next one in 2.0 % (2.2 %).

struct SyntheticConfig {
  int64_t users = 1600, items = 900, groups = 8;
  double mean_length = 9;
  uint64_t seed = 1;
};

// With its truth. A pure function of the configuration. A user's draws depend only on the user's own number:
// more users leave the first ones as they are. Throws ag::InputError unless users >= 1, 1 <= groups <= items and
// 3 <= mean_length <= items / 2.
Interactions make_synthetic(const SyntheticConfig& config);

// --- of any size: written as they are drawn, so that only tables of the items are held -----------------------
//
//   items    a popularity of 1 / rank^0.8, the ranks assigned at random; and all items form one cycle
//   users    with probability 1/2 the item that follows the last one in the cycle, else one drawn by
//            popularity; never one that the user has (then the next free one of the cycle)
//   lengths  log-normal around mean_length, at least 5, at most half of the items
//
// The defaults are about the size of beauty. With few users some items may not occur.

struct LargeDataConfig {
  int64_t users = 22363, items = 12101;
  double mean_length = 8.9;
  uint64_t seed = 1;
};

// One line per user, `user item item ...`, ids from 1. A user's line depends on the seed, the items and the
// mean length, not on the number of users. Throws ag::InputError unless users >= 1, items >= 10 and 5 <=
// mean_length <= items / 2.
void write_large_data(const nn::Path& file, const LargeDataConfig& config);

}  // namespace p2rec
