// NARM: neural attentive session-based recommendation (Li et al. 2017), as RecBole 1.2.1 has it. A recurrent
// network reads the history; its last state is joined with a weighted sum of all its states:
//   h = gru(dropout(vectors)),  a_tj = v . sigmoid(A1 h_j + A2 h_t)
//   c_t = [sum_{j <= t} a_tj h_j, h_t],  state_t = B dropout(c_t)
// The weights a are not normalised. Names are RecBole's.
//
// Ours is how a window is read: RecBole makes an example of each beginning of a history and predicts one item
// after it; here a window is read once, and every position t predicts the next item by the attention of its
// own beginning. The states are the same. The pairs (t, j) are L^2 G numbers for a window of L items.
#pragma once

#include "models/recommenders/recommender.h"

namespace models {

struct NarmConfig : ConfigOf<NarmConfig, class Narm> {
  int64_t gru_hidden = 128;      // G: of the recurrent state
  double context_dropout = 0.5;  // on c_t; `dropout` is on the item vectors

  NarmConfig() { dropout = 0.25; }
  void describe(const nn::Visit& visit) override;
};

class Narm : public TrainableRecommender {
 public:
  // Item table and linear layers begin as Xavier normal, the GRU as torch.nn.GRU: within 1 / sqrt(G).
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
