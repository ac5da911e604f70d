// GRU4Rec: a recurrent network over the items of a history (Hidasi et al. 2016; in the form of Tan et al.
// 2016, which predicts the next item's vector), as in RecBole 1.2.1: dropout on the item vectors, one GRU
// layer without biases, and a linear layer to the item table's columns. Parameter names are RecBole's.
#pragma once

#include "models/recommenders/recommender.h"

namespace models {

struct Gru4recConfig : ConfigOf<Gru4recConfig, class Gru4rec> {
  int64_t gru_hidden = 128;  // G: size of the recurrent state

  void describe(const nn::Visit& visit) override;
  nn::OrderedJson architecture() const override;
};

class Gru4rec : public TrainableRecommender {
 public:
  // Initial values: the item table Xavier normal, the GRU Xavier uniform, the linear layer uniform in
  // +-1 / sqrt(gru_hidden), as in torch.nn.Linear.
  Gru4rec(const Gru4recConfig& config, uint64_t seed);

  const Gru4recConfig& config() const override { return config_; }

 private:
  ag::Tensor encode(const nn::Packed& input, const ag::Tensor& vectors, Rows rows) const override;

  Gru4recConfig config_;
  ag::Tensor weight_ih_;  // (3G,C): rows of r, z, n
  ag::Tensor weight_hh_;  // (3G,G)
  nn::Linear dense_;      // G -> C
};

}  // namespace models
