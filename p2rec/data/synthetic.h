// Made-up interactions with known truth, so that groups, preferences and rankings can be checked against it.
//
//   items         each belongs to one hidden group; groups are equally large, and ids do not tell them. Within a group the
//                 popularity is Zipf-like (1 / rank), and the items form a cycle
//   users         have a preference over the groups with few favourites: softmax of 1.5 times standard normals
//   groups' walk  with probability 0.25 the next item's group is the present one, with 0.25 the present one's fixed successor,
//                 else it is drawn from the user's preference
//   items' walk   with probability 0.6 the item that follows the user's last one of that group in the cycle, else one drawn by
//                 popularity; never one that the user already has (of a cycle the next free one). So the order tells more
//                 than popularity does. A group that the user has used up passes on to its successor
//   lengths       log-normal around mean_length, at least 3, at most half of the items; one user in fifty has only one or two
//                 interactions
//   titles        two words of the group's own list and a number: "Misty Harbor 12"
//
// A user's shares of the groups follow the preference, but not exactly: steps to a successor blur them.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/tensor.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

struct SyntheticConfig {
  int64_t users = 600, items = 240, groups = 8;
  double mean_length = 24;
  uint64_t seed = 1;
};

struct Synthetic {
  Interactions interactions;
  std::vector<int32_t> item_group;  // per item: 0 .. groups-1
  ag::Tensor user_preference;       // (users, groups), each row sums to one
};

// A pure function of the configuration. A user's draws depend on the user's own number only: more users leave
// the first ones as they are. Throws ag::InputError unless users >= 1, 1 <= groups <= items and 3 <=
// mean_length <= items / 2.
Synthetic make_synthetic(const SyntheticConfig& config);

}  // namespace p2rec
