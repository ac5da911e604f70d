// PopRec: an item's score is the number of its occurrences, the same for every user. Nothing is trained.
#pragma once

#include <vector>

#include "models/recommenders/recommender.h"

namespace models {

struct PopularityConfig : RecommenderModelConfig {  // of the shared fields it uses only items
  bool all = false;  // also counts the held-out interactions, as in some published results

  void describe(const nn::Visit& visit) override;
  nn::OrderedJson architecture() const override;
  std::unique_ptr<SequentialRecommender> make(uint64_t seed) const override;  // all counts are zero
  std::unique_ptr<RecommenderModelConfig> clone() const override {
    return std::make_unique<PopularityConfig>(*this);
  }
};

class Popularity : public SequentialRecommender {
 public:
  explicit Popularity(const std::vector<int64_t>& counts /*(V)*/);

  const PopularityConfig& config() const override { return config_; }
  nn::Packed pack(const Histories& histories) const override { return nn::pack(histories); }
  ag::Tensor user_states(const nn::Packed& histories) const override;  // (B,1), ones
  ag::Tensor output_embeddings() const override { return counts_; }    // (V,1)

 private:
  PopularityConfig config_;
  ag::Tensor counts_;
};

}  // namespace models
