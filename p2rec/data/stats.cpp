#include "p2rec/data/stats.h"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/check.h"
#include "nn/io/utf8.h"

namespace p2rec {
namespace {

constexpr size_t kWidth = 80, kLabel = 14;

// Terminal columns of one UTF-8 character: from U+1000 on a character may be two wide, and counts so.
size_t width_of(char first_byte) {
  if (!nn::begins_character(first_byte)) return 0;
  return static_cast<unsigned char>(first_byte) >= 0xE1 ? 2 : 1;
}

// The text, or as much of its beginning as fits with "...".
std::string fitted(const std::string& text, size_t columns) {
  size_t width = 0, cut = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    width += width_of(text[i]);
    if (width_of(text[i]) > 0 && width + 3 <= columns) cut = i + 1;
    if (width_of(text[i]) == 0 && cut == i) cut = i + 1;  // the character's other bytes go with its first
  }
  return width <= columns ? text : text.substr(0, cut) + "...";
}

std::string labelled(const std::string& label, const std::string& text) {
  const std::string short_label = fitted(label, kLabel - 1);
  size_t width = 0;
  for (char c : short_label) width += width_of(c);
  return short_label + std::string(kLabel - width, ' ') + fitted(text, kWidth - kLabel) + "\n";
}

// A path says most at its end.
std::string fitted_path(const std::string& path) {
  constexpr size_t kRoom = kWidth - kLabel;
  if (path.size() <= kRoom) return path;
  size_t begin = path.size() - (kRoom - 3);
  while (begin < path.size() && width_of(path[begin]) == 0) ++begin;
  return "..." + path.substr(begin);
}

std::string lengths_text(const Interactions& data) {
  std::vector<size_t> lengths;
  for (const auto& sequence : data.sequences) lengths.push_back(sequence.size());
  std::sort(lengths.begin(), lengths.end());
  const size_t n = lengths.size();
  const double median = 0.5 * static_cast<double>(lengths[(n - 1) / 2] + lengths[n / 2]);
  const double mean = static_cast<double>(data.interactions()) / static_cast<double>(n);
  return fmt::format("mean {:.1f}, median {}, min {}, max {}", mean, median, lengths.front(), lengths.back());
}

std::string titles_text(const Interactions& data) {
  if (data.titles.empty()) return "none";
  const auto titled =
      std::count_if(data.titles.begin(), data.titles.end(), [](const auto& t) { return !t.empty(); });
  return fmt::format("{} of {} items", titled, data.items());
}

std::string items_text(const Interactions& data, Sequence items) {
  std::string text;
  for (int32_t item : items.first(std::min(items.size(), kWidth))) {
    text += (text.empty() ? "" : " ") + data.item_ids[static_cast<size_t>(item)];
  }
  return text;
}

}  // namespace

std::string stats_text(const Interactions& data) {
  AG_CHECK(data.users() > 0 && data.items() > 0, "stats_text: no users or no items");
  int64_t with_targets = 0;
  for (int64_t user = 0; user < data.users(); ++user) with_targets += has_targets(data, user);
  const double cells = static_cast<double>(data.users()) * static_cast<double>(data.items());

  std::string text =
      labelled("source", fitted_path(data.source)) + labelled("format", data.format) +
      labelled("users", fmt::format("{}, of them {} with targets (at least 3 interactions)", data.users(),
                                    with_targets)) +
      labelled("items", fmt::format("{}", data.items())) +
      labelled("interactions", fmt::format("{}", data.interactions())) +
      labelled("per user", lengths_text(data)) +
      labelled("density", fmt::format("{:.4f} % of all pairs of user and item",
                                      100 * static_cast<double>(data.interactions()) / cells)) +
      labelled("titles", titles_text(data));
  constexpr size_t kExamples = 3;
  text += "\nuser          items in time order\n";
  for (size_t user = 0; user < std::min(data.sequences.size(), kExamples); ++user) {
    text += labelled(data.user_ids[user], items_text(data, data.sequences[user]));
  }
  if (data.titles.empty()) return text;
  text += "\nitem          title\n";
  for (size_t item = 0; item < std::min(data.titles.size(), kExamples); ++item) {
    text += labelled(data.item_ids[item], data.titles[item]);
  }
  return text;
}

}  // namespace p2rec
