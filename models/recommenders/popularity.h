// PopRec: the same scores for everybody, how often each item occurs. Nothing is learned by gradient.
#pragma once

#include <vector>

#include "models/recommenders/recommender.h"

namespace models {

class Popularity : public SequentialRecommender {
 public:
  explicit Popularity(const std::vector<int64_t>& counts /*(V)*/);

  ag::Tensor loss(const SequenceBatch& batch) const override;          // ag::Error: there is nothing to train
  ag::Tensor user_states(const nn::Packed& histories) const override;  // (B,1), ones
  ag::Tensor item_table() const override { return counts_; }           // (V,1)
  nn::Packed pack(const std::vector<std::vector<int32_t>>& histories) const override {
    return nn::pack(histories);
  }

 private:
  ag::Tensor counts_;
};

}  // namespace models
