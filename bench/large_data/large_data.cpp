#include "bench/large_data/large_data.h"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "autograd/check.h"
#include "autograd/rng.h"

namespace bench {
namespace {

constexpr double kFollow = 0.5, kExponent = 0.8, kLengthSpread = 0.5;
constexpr int64_t kLargestCount = 1 << 30;  // users, items
constexpr int64_t kShortest = 5;
constexpr uint32_t kOrder = ag::stream("large data order"), kPopularity = ag::stream("large data popularity"),
                   kLength = ag::stream("large data length"), kSteps = ag::stream("large data steps");

class LargeUsers {
 public:
  explicit LargeUsers(const LargeDataConfig& config)
      : config_(config),
        cycle_(ag::random_permutation({config.seed, 0, kOrder}, static_cast<int32_t>(config.items))) {
    double sum = 0;
    const auto items = static_cast<int32_t>(config.items);
    for (const int32_t rank : ag::random_permutation({config.seed, 0, kPopularity}, items))
      up_to_.push_back(sum += std::pow(1.0 + rank, -kExponent));
  }

  // Places in the cycle; `places` is emptied first.
  void draw(int64_t user, std::vector<int32_t>& places) const {
    const ag::RandomKey key{config_.seed, static_cast<uint32_t>(user), kSteps};
    places.clear();
    const int64_t length = length_of(user);
    for (uint64_t step = 0; static_cast<int64_t>(places.size()) < length; ++step) {
      const bool follows = !places.empty() && ag::random_uniform(key, 2 * step) < kFollow;
      int32_t place = follows ? after(places.back()) : popular(ag::random_uniform(key, 2 * step + 1));
      while (std::find(places.begin(), places.end(), place) != places.end()) place = after(place);
      places.push_back(place);
    }
  }

  int64_t id(int32_t place) const { return int64_t{cycle_[static_cast<size_t>(place)]} + 1; }

 private:
  int32_t after(int32_t place) const { return static_cast<int32_t>((int64_t{place} + 1) % config_.items); }
  int32_t popular(double uniform) const {
    const auto found = std::upper_bound(up_to_.begin(), up_to_.end(), uniform * up_to_.back());
    return static_cast<int32_t>(std::min(found - up_to_.begin(), std::ptrdiff_t(up_to_.size()) - 1));
  }
  int64_t length_of(int64_t user) const {
    const ag::RandomKey key{config_.seed, static_cast<uint32_t>(user), kLength};
    // exp(N(mu, s^2)) has the mean exp(mu + s^2 / 2)
    const double mu = std::log(config_.mean_length) - kLengthSpread * kLengthSpread / 2;
    const double length = std::exp(mu + kLengthSpread * ag::random_normal(key, 0));
    return std::clamp<int64_t>(std::llround(length), kShortest, config_.items / 2);
  }

  const LargeDataConfig& config_;
  std::vector<int32_t> cycle_;  // per place: the item
  std::vector<double> up_to_;   // per place: the popularity of places 0 .. i
};

void check_config(const LargeDataConfig& c) {
  INPUT_CHECK(c.users >= 1 && c.users <= kLargestCount, "large data: users: found ", c.users,
              "; expected 1 to 2^30");
  INPUT_CHECK(c.items >= 2 * kShortest && c.items <= kLargestCount, "large data: items: found ", c.items,
              "; expected ", 2 * kShortest, " to 2^30");
  INPUT_CHECK(
      c.mean_length >= static_cast<double>(kShortest) && c.mean_length <= 0.5 * static_cast<double>(c.items),
      "large data: mean length: found ", c.mean_length, "; expected from ", kShortest,
      " to half of the items");
}

}  // namespace

void write_large_data(const nn::Path& file, const LargeDataConfig& config) {
  check_config(config);
  const LargeUsers users(config);
  nn::write_atomically(file, [&](std::ostream& out) {
    std::vector<int32_t> places;
    std::string line;
    for (int64_t user = 0; user < config.users; ++user) {
      users.draw(user, places);
      line = std::to_string(user + 1);
      for (const int32_t place : places) line += ' ' + std::to_string(users.id(place));
      out << line << '\n';
    }
  });
}

}  // namespace bench
