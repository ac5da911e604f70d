#include "p2rec/methods/common/report_items.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "nn/io/json.h"
#include "p2rec/report/text.h"

namespace p2rec {

std::vector<int32_t> items_by_frequency(const Interactions& data) {
  const std::vector<int64_t> count = item_counts(data, CountedPart::Training);
  std::vector<int32_t> items(count.size());
  std::iota(items.begin(), items.end(), 0);
  std::ranges::stable_sort(items, std::greater(),
                           [&](int32_t item) { return count[static_cast<size_t>(item)]; });
  return items;
}

nn::OrderedJson shown_item(const Interactions& data, int32_t item) {
  constexpr size_t kTitleLength = 80;
  const auto i = static_cast<size_t>(item);
  return {{"item", data.item_ids[i]}, {"title", shortened(data.title(i), kTitleLength)}};
}

std::string item_name(const nn::OrderedJsonReader& shown) {
  const std::string title = shown["title"].string();
  return title.empty() ? "item " + shown["item"].string() : title;
}

std::string listed_item(const nn::OrderedJsonReader& shown, const std::string& beside, bool marked) {
  return fmt::format("<li{}><div><bdi>{}</bdi> <span class=\"count\">{}</span></div></li>\n",
                     marked ? " class=\"marked\"" : "", escaped(item_name(shown)), escaped(beside));
}

}  // namespace p2rec
