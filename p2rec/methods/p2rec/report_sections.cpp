#include "p2rec/methods/p2rec/report_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "nn/io/json.h"
#include "p2rec/methods/p2rec/embedding_section.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

using nn::OrderedJsonReader;

// A loss that was not finite is null in the file.
double loss_in(const OrderedJsonReader& found, const char* key) {
  return found.has(key) ? found[key].number() : NAN;
}

// --- reconstruction ----------------------------------------------------------------------------------------

std::string reconstruction_html(const OrderedJsonReader& found) {
  struct Prediction {
    const char *name, *knows;
    double loss;
  };
  const OrderedJsonReader levels = found["levels"];
  const Prediction predictions[] = {
      {"language model", "reads the user’s prompt; does not know the groups", loss_in(found, "heldout_loss")},
      {"mean", "predicts the mean preference of all users", loss_in(levels, "mean")},
      {"window", "counts the true groups of the items in the prompt", loss_in(levels, "window")},
      {"ridge", "ridge regression from the bag of items in the prompt", loss_in(levels, "ridge")},
  };
  std::string rows;
  BarPlot plot{{"baselines", "Held-out loss of the language model and of three baselines",
                "A bar for each; shorter is better. The table holds the numbers."},
               {}};
  for (const Prediction& p : predictions) {
    const bool ours = &p == predictions;
    rows += row(p.name, p.knows, cell(loss_text(p.loss)) + cell(percent_text(p.loss / predictions[1].loss)),
                ours);
    plot.bars.push_back({p.name, p.loss, loss_text(p.loss), ours});
  }
  return fmt::format(
             R"(<p>How well the language model tells the users’ preferences over the groups from their items: mean squared error on
users that it was not trained on. Its training error fell from {} (the first 20 steps) to {} (the last epoch).</p>
<div class="figures two">
)",
             loss_text(loss_in(found, "train_loss_first")),
             loss_text(loss_in(found, "train_loss_last_epoch"))) +
         table("Reconstruction and its baselines", "Held-out loss; lower is better",
               column("Prediction") + column("loss") + column("of the mean’s"), rows) +
         figure(bar_plot(plot), "Held-out loss; shorter is better") + "</div>\n";
}

// --- groups ------------------------------------------------------------------------------------------------

nn::OrderedJson describe(const Interactions& data, size_t item, int64_t interactions) {
  return {{"item", data.item_ids[item]},
          {"title", data.titles.empty() ? "" : data.titles[item]},
          {"interactions", interactions}};
}

constexpr size_t kGroupsShown = 60, kTitleLength = 80;

std::string item_html(const OrderedJsonReader& item) {
  const std::string title = item["title"].string();
  return fmt::format(
      "<li><div><bdi>{}</bdi> <span class=\"count\">{}</span></div></li>\n",
      escaped(title.empty() ? "item " + item["item"].string() : shortened(title, kTitleLength)),
      count_text(item["interactions"].integer()));
}

std::string group_html(const OrderedJsonReader& group, double total) {
  const int64_t items = group["items"].integer();
  const double share = total > 0 ? static_cast<double>(group["interactions"].integer()) / total : 0;
  std::string top;
  for (const OrderedJsonReader& item : group["top"].list()) top += item_html(item);
  return fmt::format(
      R"(<article class="group">
<h3>Group {}</h3>
<p>{} item{}, {} of the interactions</p>
<div class="share" aria-hidden="true"><div style="width:{:.1f}%"></div></div>
{}</article>
)",
      group["group"].integer(), count_text(items), items == 1 ? "" : "s", percent_text(share), 100 * share,
      top.empty() ? "" : "<ol>\n" + top + "</ol>\n");
}

// The groups with most interactions come first.
std::string groups_html(const OrderedJsonReader& found) {
  const std::vector<OrderedJsonReader> groups = found.list();
  std::vector<std::pair<int64_t, size_t>> order;  // interactions of a group, its place
  double total = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    const int64_t interactions = groups[i]["interactions"].integer();
    total += static_cast<double>(interactions);
    order.emplace_back(interactions, i);
  }
  std::ranges::stable_sort(order, std::greater(), &std::pair<int64_t, size_t>::first);
  std::string cards;
  for (size_t i = 0; i < std::min(groups.size(), kGroupsShown); ++i)
    cards += group_html(groups[order[i].second], total);
  std::string note;
  if (groups.size() > kGroupsShown) {
    note = fmt::format("<p class=\"note\">The {} largest of {} groups are shown.</p>\n", kGroupsShown,
                       groups.size());
  }
  return fmt::format(
      R"(<p>k-means on the teacher’s item table has made {} groups, without titles or any other side information. The most
frequent items of each, with their number of training interactions; the groups with most interactions come first.</p>
<div class="cards">
{}</div>
{})",
      groups.size(), cards, note);
}

}  // namespace

std::vector<ReportSection> p2rec_report_sections() {
  return {{"reconstruction", "Reconstruction", "reconstruct", reconstruction_html},
          {"groups", "Groups of items", "groups", groups_html},
          embedding_section()};
}

nn::OrderedJson describe_groups(const Interactions& data, const ItemGroups& groups, size_t top) {
  const std::vector<int64_t> count = item_counts(data, CountedPart::Training);
  std::vector<size_t> by_count(count.size());
  std::iota(by_count.begin(), by_count.end(), size_t{0});
  std::ranges::stable_sort(by_count, std::greater(), [&](size_t item) { return count[item]; });
  std::vector<std::vector<size_t>> members(static_cast<size_t>(groups.groups));
  for (const size_t item : by_count) members[static_cast<size_t>(groups.group_of[item])].push_back(item);
  nn::OrderedJson described = nn::OrderedJson::array();
  for (const std::vector<size_t>& items : members) {
    int64_t interactions = 0;
    nn::OrderedJson first = nn::OrderedJson::array();
    for (const size_t item : items) {
      interactions += count[item];
      if (first.size() < top && count[item] > 0) first.push_back(describe(data, item, count[item]));
    }
    described.push_back({{"group", described.size()},
                         {"items", items.size()},
                         {"interactions", interactions},
                         {"top", first}});
  }
  return described;
}

nn::OrderedJson describe_reconstruction(const FinetuneLosses& losses,
                                        const ReconstructionBaselines& baselines) {
  return {{"train_loss_first", losses.first},
          {"train_loss_last_epoch", losses.last_epoch},
          {"heldout_loss", losses.heldout},
          {"levels", {{"mean", baselines.mean}, {"window", baselines.window}, {"ridge", baselines.ridge}}}};
}

}  // namespace p2rec
