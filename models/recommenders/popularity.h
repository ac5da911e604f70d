// PopRec: the same scores for everybody, how often each item occurs. Nothing is learned by gradient.
#pragma once

#include <vector>

#include "models/recommenders/recommender.h"

namespace models {

struct PopularityConfig : RecommenderModelConfig {  // of the shared fields it reads items
  bool all = false;  // counts all interactions, with the held-out ones, as some published figures do

  void describe(const nn::Visit& visit) override;
  std::unique_ptr<SequentialRecommender> make(uint64_t seed) const override;  // with counts of zero
  std::unique_ptr<RecommenderModelConfig> clone() const override {
    return std::make_unique<PopularityConfig>(*this);
  }
};

class Popularity : public SequentialRecommender {
 public:
  explicit Popularity(const std::vector<int64_t>& counts /*(V)*/);

  nn::Packed pack(const Histories& histories) const override { return nn::pack(histories); }
  ag::Tensor user_states(const nn::Packed& histories) const override;  // (B,1), ones
  ag::Tensor output_embeddings() const override { return counts_; }    // (V,1)

 private:
  ag::Tensor counts_;
};

}  // namespace models
