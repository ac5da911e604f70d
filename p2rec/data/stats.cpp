// What commands print about the data.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include "autograd/check.h"
#include "p2rec/data/interactions.h"
#include "p2rec/data/text_file.h"

namespace p2rec {
namespace {

constexpr size_t kWidth = 80, kLabel = 14;

// The text, shortened with "..." if it is too long.
std::string fitted(const std::string& text, size_t columns) {
  return columns_of(text) <= columns ? text : std::string(cut(text, columns - 3)) + "...";
}

std::string labelled(const std::string& label, const std::string& text) {
  const std::string short_label = fitted(label, kLabel - 1);
  return short_label + std::string(kLabel - columns_of(short_label), ' ') + fitted(text, kWidth - kLabel) +
         "\n";
}

// A label and a text, wrapped.
std::string wrapped_fact(const std::string& label, const std::string& text) {
  return label + std::string(kLabel - label.size(), ' ') + wrapped(text, kLabel, kLabel) + "\n";
}

std::string lengths_text(const Interactions& data) {
  std::vector<size_t> lengths;
  for (const auto& sequence : data.sequences) lengths.push_back(sequence.size());
  std::ranges::sort(lengths);
  const size_t n = lengths.size();
  const double median = 0.5 * static_cast<double>(lengths[(n - 1) / 2] + lengths[n / 2]);
  const double mean = static_cast<double>(data.interactions()) / static_cast<double>(n);
  return fmt::format("mean {:.1f}, median {}, min {}, max {}", mean, median, lengths.front(), lengths.back());
}

// The share of the interactions that the most popular tenth of the items has.
std::string popularity_text(const Interactions& data) {
  std::vector<int64_t> counts = item_counts(data, CountedPart::Everything);
  std::ranges::sort(counts, std::greater());
  const auto tenth = counts.begin() + std::max<int64_t>(1, std::ssize(counts) / 10);
  const double most = static_cast<double>(std::accumulate(counts.begin(), tenth, int64_t{0}));
  return fmt::format("the top tenth of the items has {:.0f} % of the interactions",
                     100 * most / static_cast<double>(data.interactions()));
}

// How often two interactions with the same item are followed by the same item.
std::string next_item_text(const Interactions& data) {
  std::map<int32_t, std::map<int32_t, int64_t>> next;
  for (const auto& sequence : data.sequences)
    for (size_t t = 1; t < sequence.size(); ++t) ++next[sequence[t - 1]][sequence[t]];
  int64_t pairs = 0, same = 0;
  for (const auto& [item, followers] : next) {
    int64_t users = 0;
    for (const auto& [follower, count] : followers) users += count, same += count * (count - 1);
    pairs += users * (users - 1);
  }
  return fmt::format("of the user pairs with the same item, {:.1f} % have the same next item",
                     100 * static_cast<double>(same) / static_cast<double>(std::max<int64_t>(1, pairs)));
}

std::string items_text(const Interactions& data, Sequence items) {
  std::string text;
  for (const int32_t item : items.first(std::min(items.size(), kWidth)))
    text += (text.empty() ? "" : " ") + data.item_ids[static_cast<size_t>(item)];
  return text;
}

}  // namespace

std::string facts_text(const Interactions& data) {
  std::string text;
  for (const auto& [label, fact] : data.facts) text += wrapped_fact(label, fact);
  return text + wrapped_fact("counts", fmt::format("users {}, items {}, interactions {}", data.users(),
                                                   data.items(), data.interactions()));
}

std::string stats_text(const Interactions& data) {
  AG_CHECK(data.users() > 0 && data.items() > 0, "stats_text: no users or no items");
  const double cells = static_cast<double>(data.users()) * static_cast<double>(data.items());
  std::string text =
      facts_text(data) + labelled("per user", lengths_text(data)) +
      labelled("per item", fmt::format("mean {:.1f}", static_cast<double>(data.interactions()) /
                                                          static_cast<double>(data.items()))) +
      labelled("popularity", popularity_text(data)) + labelled("next item", next_item_text(data)) +
      labelled("density", fmt::format("{:.4f} % of all pairs of user and item",
                                      100 * static_cast<double>(data.interactions()) / cells));
  constexpr size_t kExamples = 3;
  text += "\nuser          items in time order\n";
  for (size_t user = 0; user < std::min(data.sequences.size(), kExamples); ++user)
    text += labelled(data.user_ids[user], items_text(data, data.sequences[user]));
  if (data.titles.empty()) return text;
  text += "\nitem          title\n";
  for (size_t item = 0; item < std::min(data.titles.size(), kExamples); ++item)
    text += labelled(data.item_ids[item], data.titles[item]);
  return text;
}

}  // namespace p2rec
