#include "p2rec/evaluation/sampled_negatives.h"

#include <algorithm>

#include "autograd/check.h"
#include "autograd/rng.h"

namespace p2rec {
namespace {

constexpr uint32_t kStream = ag::stream("items to rank");
constexpr uint64_t kMostDraws = uint64_t{1} << 20;  // of one user

bool contains(std::span<const int32_t> ascending, int32_t item) {
  return std::binary_search(ascending.begin(), ascending.end(), item);
}

}  // namespace

NegativeItems::NegativeItems(const std::vector<int64_t>& weights, uint64_t seed) : seed_(seed) {
  int64_t sum = 0;
  for (const int64_t weight : weights) {
    AG_CHECK(weight >= 0, "negative items: the weight ", weight, " is negative");
    up_to_.push_back(sum += weight);
    drawable_ += weight > 0;
  }
}

int64_t NegativeItems::weight(int32_t item) const {
  const auto i = static_cast<size_t>(item);
  return i == 0 ? up_to_[0] : up_to_[i] - up_to_[i - 1];
}

int32_t NegativeItems::draw_one(uint64_t user, uint64_t element) const {
  // 53 bits, since the weights of a large data set add up to more than 32 bits could tell apart.
  const ag::RandomKey key{seed_, static_cast<uint32_t>(user), kStream};
  const uint64_t bits =
      (uint64_t{ag::random_bits(key, 2 * element)} << 21) ^ (ag::random_bits(key, 2 * element + 1) >> 11);
  const auto place =
      static_cast<int64_t>(static_cast<double>(bits) * 0x1p-53 * static_cast<double>(up_to_.back()));
  return static_cast<int32_t>(std::upper_bound(up_to_.begin(), up_to_.end(), place) - up_to_.begin());
}

std::vector<int32_t> NegativeItems::draw(int64_t user, int64_t count, int32_t target,
                                         std::span<const int32_t> removed) const {
  int64_t candidates = drawable_ - (can_be_drawn(target) && !contains(removed, target));
  for (const int32_t item : removed) candidates -= can_be_drawn(item);
  INPUT_CHECK(count <= candidates, "--negatives-ranked: found ", count, ", but user number ", user,
              " leaves only ", candidates, " items to draw from; hint: --ranking full ranks against all");
  std::vector<int32_t> drawn;
  for (uint64_t i = 0; static_cast<int64_t>(drawn.size()) < count; ++i) {
    INPUT_CHECK(i < kMostDraws, "--negatives-ranked: ", count, " different items of ", candidates,
                " are not found by popularity in a million draws, the popular ones are too popular",
                "; hint: --ranking sampled draws evenly");
    const int32_t item = draw_one(static_cast<uint64_t>(user), i);
    const auto place = std::lower_bound(drawn.begin(), drawn.end(), item);
    const bool is_new = place == drawn.end() || *place != item;
    if (is_new && item != target && !contains(removed, item)) drawn.insert(place, item);
  }
  return drawn;
}

}  // namespace p2rec
