#include "p2rec/methods/common/user_examples.h"

#include <fmt/format.h>

#include <algorithm>

#include "nn/io/json.h"
#include "p2rec/methods/common/report_items.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

constexpr size_t kUsersShown = 3, kLatestShown = 8;
constexpr int64_t kTopShown = 10;

nn::OrderedJson shown_items(const Interactions& data, Sequence items) {
  nn::OrderedJson list = nn::OrderedJson::array();
  for (const int32_t item : items) list.push_back(shown_item(data, item));
  return list;
}

std::vector<int32_t> top_of(const models::SequentialRecommender& model, Sequence history, int32_t target,
                            bool filter_history) {
  std::vector<int32_t> removed;
  if (filter_history) removed.assign(history.begin(), history.end());
  std::erase(removed, target);
  const ag::Tensor scores = model.scores(model.pack({{history.begin(), history.end()}})).to(ag::Device::CPU);
  return top_items({scores.data(), static_cast<size_t>(scores.numel())}, kTopShown, removed);
}

// The target's places in the columns, named ARM-SEED, that have the shown recommender's seed.
nn::OrderedJson places_of(size_t user, const std::vector<RanksColumn>& columns, const std::string& shown) {
  nn::OrderedJson places = nn::OrderedJson::array();
  for (const RanksColumn& column : columns) {
    if (column.name.ends_with(shown.substr(shown.rfind('-'))))
      places.push_back({{"recommender", column.name}, {"place", column.ranks.at(user) + 1}});
  }
  return places;
}

std::string user_html(const nn::OrderedJsonReader& user) {
  const nn::OrderedJsonReader target = user["target"];
  std::string latest, places, top;
  for (const auto& item : user["latest"].list())
    latest += (latest.empty() ? "" : " · ") + fmt::format("<bdi>{}</bdi>", escaped(item_name(item)));
  for (const auto& place : user["places"].list())
    places += (places.empty() ? "" : " · ") + fmt::format("{}\u00A0by\u00A0{}",
                                                          count_text(place["place"].integer()),
                                                          escaped(place["recommender"].string()));
  for (const auto& item : user["top"].list()) {
    const bool found = item["item"].string() == target["item"].string();
    top += listed_item(item, found ? "target" : "", found);
  }
  return fmt::format(
      R"(<article class="group">
<h3>User {}</h3>
<p>The last of {} items: {}</p>
<p>Target: <strong><bdi>{}</bdi></strong></p>
<p>Place of the target: {}</p>
<ol>
{}</ol>
</article>
)",
      escaped(user["user"].string()), count_text(user["history"].integer()), latest,
      escaped(item_name(target)), places, top);
}

std::string users_html(const nn::OrderedJsonReader& found) {
  std::string users;
  for (const auto& user : found["users"].list()) users += user_html(user);
  return fmt::format(
      R"(<p>The first three ranked users; the choice does not depend on results. Each list is the top 10 of {}
after the user’s history. The target is the held-out item. Its place is its rank in the results, counted
from 1.</p>
<div class="cards">
{}</div>
)",
      code(found["recommender"].string()), users);
}

}  // namespace

nn::OrderedJson describe_users(const ShownRecommender& recommender, const Interactions& data,
                               const std::vector<RankedUser>& users, const std::vector<RanksColumn>& columns,
                               bool filter_history) {
  nn::OrderedJson list = nn::OrderedJson::array();
  for (size_t u = 0; u < std::min(users.size(), kUsersShown); ++u) {
    const RankedUser& user = users[u];
    const Sequence history = target_history(data, user.user, Target::Test);
    list.push_back(
        {{"user", data.user_ids[static_cast<size_t>(user.user)]},
         {"history", user.history},
         {"latest", shown_items(data, history.last(std::min(history.size(), kLatestShown)))},
         {"target", shown_item(data, user.target)},
         {"places", places_of(u, columns, recommender.name)},
         {"top", shown_items(data, top_of(recommender.model, history, user.target, filter_history))}});
  }
  return {{"recommender", recommender.name}, {"users", list}};
}

ReportSection users_section() { return {"users", "Three users", "evaluate", users_html}; }

}  // namespace p2rec
