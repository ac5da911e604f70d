// Synthetic interactions with a known truth, to check groups, preferences and rankings.
#pragma once

#include <cstdint>

#include "p2rec/data/interactions.h"

namespace p2rec {

//   items         each belongs to one hidden group. Groups are equally large and independent of the ids.
//                 Within a group the popularity is Zipf-like (rank^-0.9), and the items form a cycle
//   users         prefer few of the groups: the softmax of 1.5 times standard normals
//   groups' walk  with probability 0.25 the next item's group is the current one, with 0.25 the current one's
//                 fixed successor, else it is drawn from the user's preference
//   items' walk   with probability 0.3 the item after the user's last one of that group in the cycle, else
//                 one drawn by popularity; never one that the user already has (in a cycle the next free
//                 one). So the order carries more information than popularity. After a group's last item its
//                 successor follows
//   lengths       log-normal around mean_length, at least 5, at most half of the items; one user in fifty has
//                 only one or two interactions
//   titles        two words of the group's own list, and a number: "Misty Harbor 12"
//
// A user's shares of the groups follow the preference only roughly, because of the steps to successors.
//
// The defaults are as sparse as Amazon's sets. `p2rec stats` prints for these data (and for Amazon
// Beauty): 9.1 (8.9) interactions per user, 16.2 (16.4) per item; the most popular tenth of the items has 44
// % (43 %) of the interactions; of the user pairs with the same item, 2.0 % (2.2 %) have the same next item.

struct SyntheticConfig {
  int64_t users = 1600, items = 900, groups = 8;
  double mean_length = 9;
  uint64_t seed = 1;
};

// A pure function of the configuration, with its truth. A user's draws depend only on the user's number: with
// more users the first ones stay the same. Throws ag::InputError unless users >= 1, 1 <= groups <= items and
// 3 <= mean_length <= items / 2.
Interactions make_synthetic(const SyntheticConfig& config);

}  // namespace p2rec
