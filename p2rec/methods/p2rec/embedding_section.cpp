#include "p2rec/methods/p2rec/embedding_section.h"

#include <fmt/format.h>

#include <algorithm>

#include "nn/io/json.h"
#include "p2rec/evaluation/known_truth.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

// The expected share of an item's group mates among the other items.
double share_of_group(const std::vector<int32_t>& group_of) {
  std::vector<double> sizes(static_cast<size_t>(std::ranges::max(group_of)) + 1);
  for (const int32_t g : group_of) ++sizes[static_cast<size_t>(g)];
  double share = 0;
  const auto items = static_cast<double>(group_of.size());
  for (const double size : sizes) share += size / items * (size - 1) / (items - 1);
  return share;
}

nn::OrderedJson compare_with_truth(const Interactions& data, const FoundItems& found) {
  nn::OrderedJson list = nn::OrderedJson::array();
  if (!data.truth) return list;
  const std::vector<int32_t>& truth = data.truth->item_group;
  const double chance = share_of_group(truth);
  const auto add = [&](const char* what, double value, double by_chance) {
    list.push_back({{"what", what}, {"found", value}, {"chance", by_chance}});
  };
  add("purity of the groups", purity(found.groups.group_of, truth), chance);
  add("correlation of the preferences",
      preference_correlation(user_preferences(data, found.groups), found.groups.group_of, *data.truth), 0);
  add("true neighbours: teacher", neighbours_of_group(found.teacher, truth), chance);
  add("true neighbours: untuned embeddings", neighbours_of_group(found.untuned, truth), chance);
  add("true neighbours: enhanced embeddings", neighbours_of_group(found.enhanced, truth), chance);
  return list;
}

std::string known_truth_html(const nn::OrderedJsonReader& list) {
  std::string rows;
  for (const nn::OrderedJsonReader& entry : list.list())
    rows += row(escaped(entry["what"].string()), "",
                cell(metric_text(entry["found"].number())) + cell(metric_text(entry["chance"].number())));
  if (rows.empty()) return "<p>These data have no known truth to compare the embeddings with.</p>\n";
  return R"(<p>These data are made up, so the hidden groups of the items and the preferences of the users are known.
True neighbours are those of the five nearest, by the cosine, that belong to the item’s own hidden group.</p>
)" + table("Known truth", "What was found of the known truth; 1 is all of it",
           column("Truth") + column("found") + column("by chance"), rows);
}

std::string embeddings_html(const nn::OrderedJsonReader& found) {
  return known_truth_html(found["known_truth"]);
}

}  // namespace

nn::OrderedJson describe_embeddings(const Interactions& data, const FoundItems& found) {
  return {{"known_truth", compare_with_truth(data, found)}};
}

std::string known_truth_text(const nn::OrderedJson& described) {
  std::string text;
  for (const auto& entry : described["known_truth"])
    text += fmt::format("{}{:<38} {:.2f}  (by chance {:.2f})", text.empty() ? "known truth\n  " : "\n  ",
                        entry["what"].get<std::string>(), entry["found"].get<double>(),
                        entry["chance"].get<double>());
  return text;
}

ReportSection embedding_section() { return {"embeddings", "Embeddings", "augment", embeddings_html}; }

}  // namespace p2rec
