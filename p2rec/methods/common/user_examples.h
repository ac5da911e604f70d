// Three users of a run, for the report: history, held-out item, and a recommender's list.
#pragma once

#include "models/recommenders/recommender.h"
#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/report/report.h"

namespace p2rec {

// The recommender whose lists are shown.
struct ShownRecommender {
  std::string name;  // ARM-SEED
  const models::SequentialRecommender& model;
};

// The first three ranked users; the choice does not depend on results. {"recommender", "users": [{"user",
// "history", "latest": the last items, "target", "places": [{"recommender", "place"}], "top"}]}; items are as
// in shown_item. `places`: the target's place, from 1, in all recommenders with the same seed. `top`: the ten
// best items. filter_history removes the items of the history from it, except the target.
nn::OrderedJson describe_users(const ShownRecommender& recommender, const Interactions& data,
                               const std::vector<RankedUser>& users, const std::vector<RanksColumn>& columns,
                               bool filter_history);

// Shows the record of the stage `evaluate`.
ReportSection users_section();

}  // namespace p2rec
