// Step 7 of the method: ranks the held-out items with a trained recommender.
#pragma once

#include <vector>

#include "autograd/communicator.h"
#include "models/recommenders/recommender.h"
#include "nn/io/describe.h"
#include "p2rec/data/interactions.h"
#include "p2rec/evaluation/ranking.h"

namespace p2rec {

constexpr int64_t kUsersRankedTogether = 256;  // their scores are in memory at the same time

enum class RankedAgainst : uint8_t {
  Catalogue,         // full ranking: all items
  EvenSample,        // sampled ranking: items drawn uniformly
  PopularitySample,  // sampled ranking: items drawn in proportion to their training interactions
};

// Use sampled ranking only to reproduce published results: its metrics are larger than those of full
// ranking, and it may order models differently (Krichene and Rendle, "On Sampled Metrics for Item
// Recommendation", KDD 2020).
struct RankingConfig {
  RankedAgainst against = RankedAgainst::Catalogue;
  int64_t negatives = 100;  // items in a sample, all different, without the target
  uint64_t seed = 1;        // of the sample
  Ties ties = Ties::AgainstTarget;
  bool filter_history = true;                // the user's earlier items are not ranked
  std::vector<int> cutoffs = kUsualCutoffs;  // the K of HR@K etc.; must contain 10
  int64_t users = 0;                         // `most` of ranked_users
  int64_t items_together = 16384;  // items whose scores are in memory at once; affects only rounding
};
// Visits all but `users`, which early stopping has too, and `items_together`.
void describe(RankingConfig& config, const nn::Visit& visit);
void check(const RankingConfig& config);  // throws ag::InputError for cutoffs without 10, or with a repeat

// The users with this target, ascending. most > 0: only the `most` users with the smallest hash of their id.
// They are always the same users, and nearly the same if the data grow.
std::vector<int64_t> ranked_users(const Interactions& data, Target target, int64_t most = 0);

// Ranks (0 is first) of the targets of ranked_users, in their order. The processes `sharing` share the users.
// Keeps only the scores of a block of users x items. Throws ag::Error for NaN or infinite scores,
// ag::InputError if too few items are left to draw.
std::vector<int64_t> target_ranks(const models::SequentialRecommender& model, const Interactions& data,
                                  Target target, const RankingConfig& config = {},
                                  const ag::Communicator& sharing = {});

// The metrics of these ranks at 5, 10 and 20.
Metrics evaluate(const models::SequentialRecommender& model, const Interactions& data,
                 Target target = Target::Test, const RankingConfig& config = {},
                 const ag::Communicator& sharing = {});

// Draws the items that a target is ranked against in sampled ranking.
class NegativeItems {
 public:
  // `weights` (V): an item is drawn in proportion to its weight; 0 is never drawn.
  NegativeItems(const std::vector<int64_t>& weights, uint64_t seed);

  // `count` different items, ascending, without the target and `removed` (ascending, distinct). The seed and
  // the user's index determine the random numbers. Throws ag::InputError if there are fewer items.
  std::vector<int32_t> draw(int64_t user, int64_t count, int32_t target,
                            std::span<const int32_t> removed) const;

 private:
  bool can_be_drawn(int32_t item) const;
  int32_t draw_one(uint64_t user, uint64_t element) const;

  std::vector<int64_t> before_ = {0};  // (V+1): the total weight of the items before item i
  int64_t drawable_ = 0;               // items with a weight
  uint64_t seed_;
};

}  // namespace p2rec
