#include "p2rec/methods/p2rec/describe_groups.h"

#include <algorithm>
#include <numeric>

namespace p2rec {

std::vector<GroupRecord> describe_groups(const Interactions& data, const ItemGroups& groups, size_t top) {
  const std::vector<int64_t> count = item_counts(data, CountedPart::Training);
  std::vector<size_t> by_count(count.size());
  std::iota(by_count.begin(), by_count.end(), size_t{0});
  std::stable_sort(by_count.begin(), by_count.end(), [&](size_t a, size_t b) { return count[a] > count[b]; });

  std::vector<GroupRecord> records(static_cast<size_t>(groups.groups));
  for (size_t k = 0; k < records.size(); ++k) records[k].group = static_cast<int64_t>(k);
  for (size_t item : by_count) {
    GroupRecord& record = records[static_cast<size_t>(groups.group_of[item])];
    ++record.items;
    record.interactions += count[item];
    if (record.top.size() < top && count[item] > 0)
      record.top.push_back({data.item_ids[item], data.titles.empty() ? "" : data.titles[item], count[item]});
  }
  return records;
}

}  // namespace p2rec
