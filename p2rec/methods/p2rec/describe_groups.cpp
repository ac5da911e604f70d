#include "p2rec/methods/p2rec/describe_groups.h"

#include <algorithm>
#include <numeric>

#include "nn/io/json.h"

namespace p2rec {

nn::OrderedJson describe_groups(const Interactions& data, const ItemGroups& groups, size_t top) {
  const std::vector<int64_t> count = item_counts(data, CountedPart::Training);
  std::vector<size_t> by_count(count.size());
  std::iota(by_count.begin(), by_count.end(), size_t{0});
  std::stable_sort(by_count.begin(), by_count.end(), [&](size_t a, size_t b) { return count[a] > count[b]; });
  std::vector<std::vector<size_t>> members(static_cast<size_t>(groups.groups));
  for (const size_t item : by_count) members[static_cast<size_t>(groups.group_of[item])].push_back(item);

  nn::OrderedJson described = nn::OrderedJson::array();
  for (size_t group = 0; group < members.size(); ++group) {
    int64_t interactions = 0;
    nn::OrderedJson first = nn::OrderedJson::array();
    for (const size_t item : members[group]) {
      interactions += count[item];
      if (first.size() < top && count[item] > 0)
        first.push_back({{"item", data.item_ids[item]},
                         {"title", data.titles.empty() ? "" : data.titles[item]},
                         {"interactions", count[item]}});
    }
    described.push_back(
        {{"group", group}, {"items", members[group].size()}, {"interactions", interactions}, {"top", first}});
  }
  return described;
}

}  // namespace p2rec
