#include "p2rec/data/synthetic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>

#include "autograd/check.h"
#include "autograd/rng.h"

namespace p2rec {
namespace {

constexpr int64_t kLargestCount = 1 << 30;  // users, items

constexpr double kStay = 0.25, kFollow = 0.25;  // of the groups' walk
constexpr double kCycle = 0.3;                  // of the items' walk
constexpr double kPreferenceSpread = 1.5, kPopularityExponent = 0.9, kShortUsers = 0.02, kLengthSpread = 0.5;

// The random streams.
constexpr uint32_t kItemOrder = ag::stream("synthetic item order"),
                   kSuccessors = ag::stream("synthetic successors"),
                   kPopularity = ag::stream("synthetic popularity"),
                   kPreference = ag::stream("synthetic preference"), kLength = ag::stream("synthetic length"),
                   kSteps = ag::stream("synthetic steps");

struct Theme {
  std::array<const char*, 4> first, second;
};
// No word is in two themes.
constexpr std::array<Theme, 12> kThemes = {{
    {{"Misty", "Salty", "Tidal", "Stormy"}, {"Harbor", "Anchor", "Lantern", "Sail"}},
    {{"Mossy", "Leafy", "Shady", "Rooted"}, {"Forest", "Fern", "Oak", "Trail"}},
    {{"Spicy", "Buttered", "Roasted", "Sweet"}, {"Kitchen", "Pepper", "Dumpling", "Pie"}},
    {{"Electric", "Digital", "Quantum", "Chrome"}, {"Robot", "Circuit", "Laser", "Engine"}},
    {{"Royal", "Gilded", "Ancient", "Noble"}, {"Castle", "Crown", "Knight", "Throne"}},
    {{"Snowy", "Frozen", "Icy", "Polar"}, {"Glacier", "Sled", "Penguin", "Blizzard"}},
    {{"Dusty", "Sunburnt", "Sandy", "Arid"}, {"Desert", "Cactus", "Canyon", "Saddle"}},
    {{"Jazzy", "Acoustic", "Melodic", "Loud"}, {"Trumpet", "Chorus", "Drum", "Ballad"}},
    {{"Lunar", "Cosmic", "Stellar", "Orbital"}, {"Comet", "Rocket", "Nebula", "Planet"}},
    {{"Haunted", "Cursed", "Ghostly", "Eerie"}, {"Manor", "Raven", "Coffin", "Specter"}},
    {{"Swift", "Sporty", "Agile", "Mighty"}, {"Runner", "Goal", "Stadium", "Racket"}},
    {{"Silken", "Velvet", "Woven", "Knitted"}, {"Scarf", "Ribbon", "Cloak", "Glove"}},
}};

std::string title_of(int64_t group, int64_t place) {
  const auto themes = static_cast<int64_t>(kThemes.size());
  const Theme& theme = kThemes[static_cast<size_t>(group % themes)];
  const std::string title = ag::message(theme.first[static_cast<size_t>(place % 4)], " ",
                                        theme.second[static_cast<size_t>(place / 4 % 4)], " ", place + 1);
  // A theme's second group, and so on.
  return group < themes ? title : title + ag::message(" of Series ", group / themes + 1);
}

struct Group {
  std::vector<int32_t> cycle;      // items in the order of the cycle
  std::vector<double> popularity;  // likewise
  int32_t successor = 0;
};

// The groups, without users.
std::vector<Group> make_groups(const SyntheticConfig& config) {
  const auto count = static_cast<int32_t>(config.groups);
  std::vector<Group> groups(static_cast<size_t>(count));
  const std::vector<int32_t> order =
      ag::random_permutation({config.seed, 0, kItemOrder}, static_cast<int32_t>(config.items));
  for (size_t i = 0; i < order.size(); ++i) groups[i % groups.size()].cycle.push_back(order[i]);
  // One cycle through all groups, so no group is its own successor.
  const std::vector<int32_t> round = ag::random_permutation({config.seed, 0, kSuccessors}, count);
  for (size_t i = 0; i < round.size(); ++i)
    groups[static_cast<size_t>(round[i])].successor = round[(i + 1) % round.size()];
  for (size_t g = 0; g < groups.size(); ++g) {
    const ag::RandomKey key{config.seed, static_cast<uint32_t>(g), kPopularity};
    for (const int32_t rank : ag::random_permutation(key, static_cast<int32_t>(groups[g].cycle.size())))
      groups[g].popularity.push_back(std::pow(rank + 1.0, -kPopularityExponent));
  }
  return groups;
}

std::vector<double> make_preference(const SyntheticConfig& config, int64_t user) {
  const ag::RandomKey key{config.seed, static_cast<uint32_t>(user), kPreference};
  std::vector<double> preference;
  for (int64_t g = 0; g < config.groups; ++g)
    preference.push_back(std::exp(kPreferenceSpread * ag::random_normal(key, static_cast<uint64_t>(g))));
  const double total = std::accumulate(preference.begin(), preference.end(), 0.0);
  for (double& p : preference) p /= total;
  return preference;
}

int64_t make_length(const SyntheticConfig& config, int64_t user) {
  const ag::RandomKey key{config.seed, static_cast<uint32_t>(user), kLength};
  if (ag::random_uniform(key, 0) < kShortUsers) return 1 + ag::random_below(key, 1, 2);
  const double longest = std::max(5.0, std::floor(0.5 * static_cast<double>(config.items)));
  // exp(N(mu, s^2)) has the mean exp(mu + s^2 / 2)
  const double mu = std::log(config.mean_length) - kLengthSpread * kLengthSpread / 2;
  const double length = std::exp(mu + kLengthSpread * ag::random_normal(key, 1));
  return std::llround(std::clamp(length, 5.0, longest));
}

// One user's walk through groups and items.
class Walk {
 public:
  Walk(const std::vector<Group>& groups, const std::vector<double>& preference, const ag::RandomKey& key)
      : groups_(groups), preference_(preference), key_(key), last_place_(groups.size(), -1) {
    for (const Group& g : groups) weights_.push_back(g.popularity);
    for (const Group& g : groups) left_.push_back(g.cycle.size());
  }

  int32_t next() {
    group_ = next_group();
    while (left_[group_] == 0) group_ = static_cast<size_t>(groups_[group_].successor);
    const size_t place = next_place();
    weights_[group_][place] = 0;
    --left_[group_];
    last_place_[group_] = static_cast<int64_t>(place);
    ++step_;
    return groups_[group_].cycle[place];
  }

 private:
  double uniform(uint64_t which) const { return ag::random_uniform(key_, 4 * step_ + which); }

  size_t next_group() const {
    const double u = uniform(0);
    if (step_ > 0 && u < kStay) return group_;
    if (step_ > 0 && u < kStay + kFollow) return static_cast<size_t>(groups_[group_].successor);
    return ag::random_index(preference_, uniform(1));
  }

  size_t next_place() const {
    const std::vector<double>& weights = weights_[group_];
    if (last_place_[group_] < 0 || uniform(2) >= kCycle) return ag::random_index(weights, uniform(3));
    auto place = static_cast<size_t>(last_place_[group_]);
    do place = (place + 1) % weights.size();
    while (weights[place] == 0);
    return place;
  }

  const std::vector<Group>& groups_;
  const std::vector<double>& preference_;
  ag::RandomKey key_;
  std::vector<int64_t> last_place_;  // per group: the user's last place in the cycle, or -1
  std::vector<size_t> left_;         // per group: items that the user does not have
  // Per group and place: popularity, 0 if the user has the item.
  std::vector<std::vector<double>> weights_;
  size_t group_ = 0;
  uint64_t step_ = 0;
};

void check_config(const SyntheticConfig& c) {
  INPUT_CHECK(c.users >= 1 && c.users <= kLargestCount, "synthetic data: found ", c.users,
              " users; expected 1 to 2^30");
  INPUT_CHECK(c.groups >= 1 && c.groups <= c.items && c.items <= kLargestCount, "synthetic data: found ",
              c.groups, " groups of ", c.items,
              " items; expected at least one group, at least as many items, and at most 2^30");
  INPUT_CHECK(c.mean_length >= 3 && c.mean_length <= 0.5 * static_cast<double>(c.items),
              "synthetic data: found a mean length of ", c.mean_length, " for ", c.items,
              " items; expected from 3 to half of the items");
}

}  // namespace

Interactions make_synthetic(const SyntheticConfig& config) {
  check_config(config);
  const std::vector<Group> groups = make_groups(config);

  Interactions data;
  KnownTruth& truth = data.truth.emplace();
  data.source = "synthetic";
  data.format = ag::message("made up: ", config.groups, " hidden groups, seed ", config.seed);
  for (int64_t i = 0; i < config.items; ++i) data.item_ids.push_back(std::to_string(i + 1));
  data.titles.resize(static_cast<size_t>(config.items));
  truth.item_group.resize(static_cast<size_t>(config.items));
  for (size_t g = 0; g < groups.size(); ++g) {
    // Numbered by id, not along the cycle: a title shows the group, but not the next item.
    std::vector<int32_t> members = groups[g].cycle;
    std::sort(members.begin(), members.end());
    for (size_t place = 0; place < members.size(); ++place) {
      const auto item = static_cast<size_t>(members[place]);
      data.titles[item] = title_of(static_cast<int64_t>(g), static_cast<int64_t>(place));
      truth.item_group[item] = static_cast<int32_t>(g);
    }
  }

  std::vector<double> preferences;
  for (int64_t user = 0; user < config.users; ++user) {
    const std::vector<double> preference = make_preference(config, user);
    preferences.insert(preferences.end(), preference.begin(), preference.end());
    Walk walk(groups, preference, {config.seed, static_cast<uint32_t>(user), kSteps});
    data.user_ids.push_back(std::to_string(user + 1));
    std::vector<int32_t>& sequence = data.sequences.emplace_back();
    for (int64_t length = make_length(config, user); length > 0; --length) sequence.push_back(walk.next());
  }
  truth.user_preference = ag::Tensor::from({config.users, config.groups}, preferences);
  return data;
}

}  // namespace p2rec
