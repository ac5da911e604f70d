#include "p2rec/methods/p2rec/report_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nn/io/json.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

using nn::OrderedJson;

double number(const OrderedJson& json, const char* key) {
  const OrderedJson& value = json.at(key);
  return value.is_null() ? NAN : value.get<double>();
}

// --- reconstruction ----------------------------------------------------------------------------------------

std::string reconstruction_html(const OrderedJson& found) {
  struct Prediction {
    const char *name, *knows;
    double loss;
  };
  const OrderedJson& levels = found.at("levels");
  const Prediction predictions[] = {
      {"language model", "reads the user’s prompt; does not know the groups", number(found, "heldout_loss")},
      {"mean", "predicts the mean preference of all users", number(levels, "mean")},
      {"window", "counts the true groups of the items in the prompt", number(levels, "window")},
      {"ridge", "ridge regression from the bag of items in the prompt", number(levels, "ridge")},
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
             loss_text(number(found, "train_loss_first")),
             loss_text(number(found, "train_loss_last_epoch"))) +
         table("Reconstruction and its baselines", "Held-out loss; lower is better",
               column("Prediction") + column("loss") + column("of the mean’s"), rows) +
         figure(bar_plot(plot), "Held-out loss; shorter is better") + "</div>\n";
}

// --- groups ------------------------------------------------------------------------------------------------

constexpr size_t kGroupsShown = 60, kTitleLength = 80;

int64_t integer(const OrderedJson& json, const char* key) {
  return nn::OrderedJsonReader{json.at(key), "results.json", key}.integer();
}

std::string item_html(const OrderedJson& item) {
  const auto title = item.at("title").get<std::string>();
  const std::string name =
      title.empty() ? "item " + item.at("item").get<std::string>() : shortened(title, kTitleLength);
  return fmt::format("<li><div><bdi>{}</bdi> <span class=\"count\">{}</span></div></li>\n", escaped(name),
                     count_text(integer(item, "interactions")));
}

std::string group_html(const OrderedJson& group, double total) {
  const int64_t items = integer(group, "items");
  const double share = total > 0 ? static_cast<double>(integer(group, "interactions")) / total : 0;
  std::string top;
  for (const OrderedJson& item : group.at("top")) top += item_html(item);
  return fmt::format(
      R"(<article class="group">
<h3>Group {}</h3>
<p>{} item{}, {} of the interactions</p>
<div class="share" aria-hidden="true"><div style="width:{:.1f}%"></div></div>
{}</article>
)",
      integer(group, "group"), count_text(items), items == 1 ? "" : "s", percent_text(share), 100 * share,
      top.empty() ? "" : "<ol>\n" + top + "</ol>\n");
}

std::string groups_html(const OrderedJson& found) {
  std::vector<OrderedJson> groups(found.begin(), found.end());
  double total = 0;
  for (const OrderedJson& group : groups) total += static_cast<double>(integer(group, "interactions"));
  std::ranges::stable_sort(groups, std::greater(),
                           [](const OrderedJson& group) { return integer(group, "interactions"); });
  std::string cards;
  for (size_t i = 0; i < std::min(groups.size(), kGroupsShown); ++i) cards += group_html(groups[i], total);
  return fmt::format(
             R"(<p>k-means on the teacher’s item table has made {} groups, without titles or any other side information. The most
frequent items of each, with their number of training interactions; the groups with most interactions come first.</p>
<div class="cards">
{}</div>
)",
             groups.size(), cards) +
         (groups.size() > kGroupsShown
              ? fmt::format("<p class=\"note\">The {} largest of {} groups are shown.</p>\n", kGroupsShown,
                            groups.size())
              : "");
}

}  // namespace

std::vector<ReportSection> p2rec_report_sections() {
  return {{"reconstruction", "Reconstruction", "reconstruct", reconstruction_html},
          {"groups", "Groups of items", "groups", groups_html}};
}

OrderedJson describe_reconstruction(const Reconstruction& found, const ReconstructionBaselines& baselines) {
  return {{"train_loss_first", found.losses.first},
          {"train_loss_last_epoch", found.losses.last_epoch},
          {"heldout_loss", found.losses.heldout},
          {"levels", {{"mean", baselines.mean}, {"window", baselines.window}, {"ridge", baselines.ridge}}}};
}

}  // namespace p2rec
