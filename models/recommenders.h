// What every sequential recommender offers: a loss to train on, and a score of every item for a history.
#pragma once

#include <vector>

#include "nn/layers.h"

namespace models {

// What one training step sees. Nothing random happens inside a loss: targets and negatives are given here.
struct SequenceBatch {
  nn::Packed input;      // N items in B sequences
  ag::Tensor targets;    // (N) I32: the item that follows each position
  ag::Tensor negatives;  // (N,n) I32, only for losses that sample
};

class SequentialRecommender : public nn::Module {
 public:
  virtual ag::Tensor loss(const SequenceBatch& batch) const = 0;          // -> ()
  virtual ag::Tensor user_states(const nn::Packed& histories) const = 0;  // (B,C), of the last position
  virtual ag::Tensor item_table() const = 0;                              // (V,C)
  // Packs histories as the model reads them: cut to its window, with its positions.
  virtual nn::Packed pack(const std::vector<std::vector<int32_t>>& histories) const = 0;

  // (B,V): how well each item fits behind each history; the higher the better. Records nothing.
  ag::Tensor scores(const nn::Packed& histories) const;
};

}  // namespace models
