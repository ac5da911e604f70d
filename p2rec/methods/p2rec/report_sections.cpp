#include "p2rec/methods/p2rec/report_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "nn/io/json.h"
#include "p2rec/methods/common/report_items.h"
#include "p2rec/methods/common/user_examples.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

using nn::OrderedJsonReader;

// NaN for null: JSON has no other value for a loss that is not finite.
double loss_in(const OrderedJsonReader& found, const char* key) {
  return found.has(key) ? found[key].number() : NAN;
}

// --- reconstruction ----------------------------------------------------------------------------------------

constexpr size_t kGroupsAsked = 8;

std::string prompt_html(const OrderedJsonReader& prompt) {
  std::string rows;
  for (const OrderedJsonReader& group : prompt["groups"].list())
    rows += row(fmt::format("group {}", group["group"].integer()), "",
                cell(metric_text(group["asked"].number())) + cell(metric_text(loss_in(group, "told"))));
  return fmt::format(
             R"(<h3>What it reads</h3>
<p>The prompt of user {}, the first held-out user: {} items, {} tokens. A token &lt;iID&gt; is one item.</p>
<pre>{}</pre>
<p>This user’s true and predicted preferences, for the groups with the largest true ones:</p>
)",
             escaped(prompt["user"].string()), count_text(prompt["items"].integer()),
             count_text(prompt["tokens"].integer()), escaped(prompt["text"].string())) +
         table("Preferences of this user", "Preferences",
               column("Group") + column("true") + column("predicted"), rows);
}

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
                "One bar each; shorter is better. The table has the numbers."},
               {}};
  for (const Prediction& p : predictions) {
    const bool ours = &p == predictions;
    rows += row(p.name, p.knows, cell(loss_text(p.loss)) + cell(percent_text(p.loss / predictions[1].loss)),
                ours);
    plot.bars.push_back({p.name, p.loss, loss_text(p.loss), ours});
  }
  return fmt::format(
             R"(<p>How well the language model predicts users’ preferences for the groups from their items:
mean squared error on held-out users. The training loss went from {} (first 20 steps) to {} (last epoch).</p>
<div class="figures two">
)",
             loss_text(loss_in(found, "train_loss_first")),
             loss_text(loss_in(found, "train_loss_last_epoch"))) +
         table("Reconstruction and its baselines", "Held-out loss; lower is better",
               column("Prediction") + column("loss") + column("relative to mean"), rows) +
         figure(bar_plot(plot), "Held-out loss; shorter is better") + "</div>\n" +
         prompt_html(found["prompt"]);
}

// --- groups ------------------------------------------------------------------------------------------------

constexpr size_t kGroupsShown = 60;

std::string group_html(const OrderedJsonReader& group, double total) {
  const int64_t items = group["items"].integer();
  const double share = total > 0 ? static_cast<double>(group["interactions"].integer()) / total : 0;
  std::string top;
  for (const OrderedJsonReader& item : group["top"].list())
    top += listed_item(item, count_text(item["interactions"].integer()));
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
  std::vector<std::pair<int64_t, size_t>> order;  // interactions of a group, its index
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
      R"(<p>k-means on the teacher’s item table made {} groups, without titles or other side information.
Each group shows its most frequent items with their training interactions. The groups with most
interactions come first.</p>
<div class="cards">
{}</div>
{})",
      groups.size(), cards, note);
}

}  // namespace

std::vector<ReportSection> p2rec_report_sections() {
  return {{"reconstruction", "Reconstruction", "reconstruct", reconstruction_html},
          {"groups", "Groups of items", "groups", groups_html},
          embedding_section(),
          users_section()};
}

nn::OrderedJson describe_groups(const Interactions& data, const ItemGroups& groups, size_t top) {
  const std::vector<int64_t> count = item_counts(data, CountedPart::Training);
  std::vector<std::vector<int32_t>> members(static_cast<size_t>(groups.groups));
  for (const int32_t item : items_by_frequency(data))
    members[static_cast<size_t>(groups.group_of[static_cast<size_t>(item)])].push_back(item);
  nn::OrderedJson described = nn::OrderedJson::array();
  for (const std::vector<int32_t>& items : members) {
    int64_t interactions = 0;
    nn::OrderedJson first = nn::OrderedJson::array();
    for (const int32_t item : items) {
      const int64_t own = count[static_cast<size_t>(item)];
      interactions += own;
      if (first.size() >= top || own == 0) continue;
      first.push_back(shown_item(data, item));
      first.back()["interactions"] = own;
    }
    described.push_back({{"group", described.size()},
                         {"items", items.size()},
                         {"interactions", interactions},
                         {"top", first}});
  }
  return described;
}

nn::OrderedJson describe_prompt(const Interactions& data, const Prompts& prompts,
                                const models::Tokenizer& tokenizer, const ag::Tensor& preferences,
                                const PreferenceModel& model) {
  const int64_t user = split_users(data).heldout.at(0);
  const Sequence items = training_part(data, user);
  const std::vector<int32_t> prompt = prompts.of(items);
  const ag::Tensor asked = preferences.rows(user, user + 1), told = predicted_preference(model, prompt);
  std::vector<int64_t> order(static_cast<size_t>(asked.numel()));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater(), [&](int64_t group) { return asked.data()[group]; });
  order.resize(std::min(order.size(), kGroupsAsked));
  nn::OrderedJson groups = nn::OrderedJson::array();
  for (const int64_t group : order)
    groups.push_back({{"group", group}, {"asked", asked.data()[group]}, {"told", told.data()[group]}});
  return {{"user", data.user_ids[static_cast<size_t>(user)]},
          {"items", prompts.visible(items).size()},
          {"tokens", prompt.size()},
          {"text", prompt_text(prompt, tokenizer, data, model.reader.llm.config().vocabulary)},
          {"groups", groups}};
}

nn::OrderedJson describe_reconstruction(const FinetuneLosses& losses,
                                        const ReconstructionBaselines& baselines,
                                        const nn::OrderedJson& prompt) {
  return {{"train_loss_first", losses.first},
          {"train_loss_last_epoch", losses.last_epoch},
          {"heldout_loss", losses.heldout},
          {"levels", {{"mean", baselines.mean}, {"window", baselines.window}, {"ridge", baselines.ridge}}},
          {"prompt", prompt}};
}

}  // namespace p2rec
