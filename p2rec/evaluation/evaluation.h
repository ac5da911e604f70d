// Step 7 of the method: ranking the held-out items with a trained recommender.
#pragma once

#include <vector>

#include "models/recommenders/recommender.h"
#include "nn/io/describe.h"
#include "p2rec/data/interactions.h"
#include "p2rec/evaluation/ranking.h"

namespace p2rec {

// What is held at once: the scores of so many users, for so many items.
constexpr int64_t kUsersRankedTogether = 256, kItemsScoredTogether = 16384;

enum class RankedAgainst : uint8_t {
  Catalogue,         // full ranking: every item
  EvenSample,        // sampled ranking: items drawn evenly
  PopularitySample,  // ... drawn in proportion to how often the training parts have them
};

// Sampled ranking is here to reproduce published figures: they are larger than those of full ranking, and may order models
// in another way (Krichene and Rendle, "On Sampled Metrics for Item Recommendation", KDD 2020).
struct RankingConfig {
  RankedAgainst against = RankedAgainst::Catalogue;
  int64_t negatives = 100;                   // of a sample, all different; the target comes on top
  uint64_t seed = 1;                         // of the sample
  bool filter_history = true;                // the user's earlier items do not compete
  std::vector<int> cutoffs = kUsualCutoffs;  // K, 10 among them
  int64_t users = 0;                         // ranked_users
  // The ranks do not depend on it, except for rounding of the scores.
  int64_t items_together = kItemsScoredTogether;
};
// All but `users`, which early stopping has too, and `items_together`.
void describe(RankingConfig& config, const nn::Visit& visit);
void check(const RankingConfig& config);  // throws ag::InputError for cutoffs without 10, or with a repeat

// The users with a target, ascending; with `most` > 0 at most so many of them, those with the smallest hash of their id: the
// same users whatever is asked of them, and nearly the same when the data grow.
std::vector<int64_t> ranked_users(const Interactions& data, int64_t most = 0);

// Ranks (0 is first) of the targets of ranked_users, in their order. Of users x items only a block is ever held. NaN or
// infinite scores throw ag::Error; ag::InputError where a user leaves too few items to draw negatives from.
std::vector<int64_t> target_ranks(const models::SequentialRecommender& model, const Interactions& data,
                                  Target target, const RankingConfig& config = {});

// The metrics of these ranks at 5, 10 and 20.
Metrics evaluate(const models::SequentialRecommender& model, const Interactions& data,
                 Target target = Target::Test, const RankingConfig& config = {});

}  // namespace p2rec
