#include "p2rec/evaluation/user_splits.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace p2rec {

namespace {

std::vector<bool> rarer_half(const std::vector<int64_t>& counts) {
  std::vector<size_t> order(counts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return counts[a] < counts[b]; });
  std::vector<bool> rare(counts.size(), false);
  for (size_t i = 0; i < counts.size() / 2; ++i) rare[order[i]] = true;
  return rare;
}

}  // namespace

std::vector<bool> rare_items(const Interactions& data) {
  return rarer_half(item_counts(data, CountedPart::Training));
}

std::vector<RankedUser> describe_ranked_users(const Interactions& data, const std::vector<int64_t>& users,
                                              Target target) {
  const std::vector<int64_t> counts = item_counts(data, CountedPart::Training);
  const std::vector<bool> rare = rarer_half(counts);
  std::vector<RankedUser> described;
  for (const int64_t user : users) {
    const int32_t item = target_item(data, user, target);
    const auto history = static_cast<int64_t>(target_history(data, user, target).size());
    const auto index = static_cast<size_t>(item);
    described.push_back({user, item, history, counts[index], rare[index]});
  }
  return described;
}

std::vector<Split> splits_of(const std::vector<RankedUser>& users) {
  if (users.empty()) return {};
  std::vector<int64_t> lengths;
  for (const RankedUser& user : users) lengths.push_back(user.history);
  const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>((lengths.size() - 1) / 2);
  std::nth_element(lengths.begin(), middle, lengths.end());
  const int64_t median = *middle;

  std::vector<Split> splits;
  const auto add = [&](const char* name, const char* meaning,
                       const std::function<bool(const RankedUser&)>& belongs) {
    Split split{name, meaning, {}};
    for (size_t i = 0; i < users.size(); ++i) {
      if (belongs(users[i])) split.members.push_back(i);
    }
    if (!split.members.empty()) splits.push_back(std::move(split));
  };
  add("rare", "the item is of the half with the fewest interactions in training",
      [](const RankedUser& u) { return u.rare; });
  add("frequent", "the item is of the other half", [](const RankedUser& u) { return !u.rare; });
  add("short", "the history is at most as long as the median",
      [&](const RankedUser& u) { return u.history <= median; });
  add("long", "the history is longer than the median",
      [&](const RankedUser& u) { return u.history > median; });
  return splits;
}

}  // namespace p2rec
