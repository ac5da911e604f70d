// Step 7 of the method: ranking the held-out items with a trained recommender.
#pragma once

#include <vector>

#include "models/recommenders/recommender.h"
#include "nn/io/describe.h"
#include "p2rec/data/interactions.h"
#include "p2rec/evaluation/ranking.h"

namespace p2rec {

constexpr int64_t kUsersRankedTogether = 256;  // whose scores are held at once

enum class RankedAgainst : uint8_t {
  Catalogue,         // full ranking: every item
  EvenSample,        // sampled ranking: items drawn evenly
  PopularitySample,  // ... drawn in proportion to how often the training parts have them
};

// Sampled ranking only reproduces published figures: it gives larger ones than full ranking, and may order
// models differently (Krichene and Rendle, "On Sampled Metrics for Item Recommendation", KDD 2020).
struct RankingConfig {
  RankedAgainst against = RankedAgainst::Catalogue;
  int64_t negatives = 100;  // of a sample, all different; the target comes on top
  uint64_t seed = 1;        // of the sample
  Ties ties = Ties::AgainstTarget;
  bool filter_history = true;                // the user's earlier items do not compete
  std::vector<int> cutoffs = kUsualCutoffs;  // K, 10 among them
  int64_t users = 0;                         // `most` of ranked_users
  int64_t items_together = 16384;  // the scores of this many are held at once; only rounding depends on it
};
// All but `users`, which early stopping has too, and `items_together`.
void describe(RankingConfig& config, const nn::Visit& visit);
void check(const RankingConfig& config);  // throws ag::InputError for cutoffs without 10, or with a repeat

// The users with this target, ascending. With `most` > 0 only the `most` with the smallest hash of their id:
// always the same users, and nearly the same when the data grow.
std::vector<int64_t> ranked_users(const Interactions& data, Target target, int64_t most = 0);

// Ranks (0 is first) of the targets of ranked_users, in their order. Only a block of users x items is ever
// held. Throws ag::Error for NaN or infinite scores, ag::InputError where too few items are left to draw.
std::vector<int64_t> target_ranks(const models::SequentialRecommender& model, const Interactions& data,
                                  Target target, const RankingConfig& config = {});

// The metrics of these ranks at 5, 10 and 20.
Metrics evaluate(const models::SequentialRecommender& model, const Interactions& data,
                 Target target = Target::Test, const RankingConfig& config = {});

// The items that sampled ranking puts a target against.
class NegativeItems {
 public:
  // `weights` (V): an item is drawn in proportion to its weight; 0 is never drawn.
  NegativeItems(const std::vector<int64_t>& weights, uint64_t seed);

  // `count` different items, ascending, neither the target nor among `removed` (ascending, distinct). A
  // function of the seed and the user's index only. Throws ag::InputError where there are fewer items.
  std::vector<int32_t> draw(int64_t user, int64_t count, int32_t target,
                            std::span<const int32_t> removed) const;

 private:
  bool can_be_drawn(int32_t item) const;
  int32_t draw_one(uint64_t user, uint64_t element) const;

  std::vector<int64_t> before_ = {0};  // (V+1): the sum of the weights of the items before item i
  int64_t drawable_ = 0;               // items with a weight
  uint64_t seed_;
};

}  // namespace p2rec
