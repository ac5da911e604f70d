// Three users of a run, for the report: what they took, what was held out, and what a recommender says.
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

// The first three of the ranked users, in their order: chosen by no result. {"recommender", "users": [{"user",
// "history", "latest": the last items, "target", "places": [{"recommender", "place"}], "top"}]}, an item as
// shown_item. `places` are the target's by all recommenders of the same seed, from 1; `top` are the first ten
// items of the catalogue, with filter_history without the user's own, but never without the target.
nn::OrderedJson describe_users(const ShownRecommender& recommender, const Interactions& data,
                               const std::vector<RankedUser>& users, const std::vector<RanksColumn>& columns,
                               bool filter_history);

// Of the stage `evaluate`.
ReportSection users_section();

}  // namespace p2rec
