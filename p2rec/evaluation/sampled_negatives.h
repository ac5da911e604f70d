// The items that sampled ranking puts a target against.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace p2rec {

class NegativeItems {
 public:
  // `weights` (V): an item is drawn in proportion to its weight; 0 is never drawn.
  NegativeItems(const std::vector<int64_t>& weights, uint64_t seed);

  // `count` different items, ascending, neither the target nor among `removed` (ascending, distinct). A function of the seed
  // and the user's index alone. Throws ag::InputError naming the user where there are not so many.
  std::vector<int32_t> draw(int64_t user, int64_t count, int32_t target,
                            std::span<const int32_t> removed) const;

 private:
  int64_t weight(int32_t item) const;
  bool can_be_drawn(int32_t item) const { return weight(item) > 0; }
  int32_t draw_one(uint64_t user, uint64_t element) const;

  std::vector<int64_t> up_to_;  // (V): the sum of the weights of items 0 .. i
  int64_t drawable_ = 0;        // items with a weight
  uint64_t seed_;
};

}  // namespace p2rec
