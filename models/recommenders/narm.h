// NARM: neural attentive session-based recommendation (Li et al. 2017), as in RecBole 1.2.1. A recurrent
// network reads the history; its last state is concatenated with a weighted sum of all its states:
//   h = gru(dropout(vectors)),  a_tj = v . sigmoid(A1 h_j + A2 h_t)
//   c_t = [sum_{j <= t} a_tj h_j, h_t],  state_t = B dropout(c_t)
// The weights a are not normalised. Parameter names are RecBole's.
//
// Training differs from RecBole, which makes one example of each prefix of a history and predicts one item
// after it. Here a window is read once, and every position t predicts the next item, with attention over
// positions 0 .. t. The states are the same. The pairs (t, j) take L^2 G numbers for a window of L items.
#pragma once

#include "models/recommenders/recommender.h"

namespace models {

struct NarmConfig : ConfigOf<NarmConfig, class Narm> {
  int64_t gru_hidden = 128;      // G: size of the recurrent state
  double context_dropout = 0.5;  // on c_t; `dropout` is on the item vectors

  NarmConfig() { dropout = 0.25; }
  void describe(const nn::Visit& visit) override;
  nn::OrderedJson architecture() const override;
};

class Narm : public TrainableRecommender {
 public:
  // Initial values: item table and linear layers Xavier normal; the GRU uniform
  // in +-1 / sqrt(G), as in torch.nn.GRU.
  Narm(const NarmConfig& config, uint64_t seed);

  const NarmConfig& config() const override { return config_; }

 private:
  ag::Tensor encode(const nn::Packed& input, const ag::Tensor& vectors, Rows rows) const override;
  ag::Tensor local(const ag::Tensor& h, const ag::Offsets& offsets, Rows rows) const;

  NarmConfig config_;
  ag::Tensor weight_ih_;  // (3G,C): rows of r, z, n
  ag::Tensor weight_hh_;  // (3G,G)
  nn::Linear a_1_, a_2_;  // G -> G
  nn::Linear v_t_;        // G -> 1
  nn::Linear b_;          // 2G -> C
};

}  // namespace models
