#include "models/recommenders/gru4rec.h"

#include <cmath>

#include "nn/init.h"

namespace models {

using ag::Tensor;

Gru4rec::Gru4rec(const RecommenderModelConfig& config, uint64_t seed)
    : TrainableRecommender(config, 0),
      weight_ih_(parameter("gru_layers.weight_ih_l0", {3 * config.gru_hidden, config.hidden})),
      weight_hh_(parameter("gru_layers.weight_hh_l0", {3 * config.gru_hidden, config.gru_hidden})),
      dense_(config.gru_hidden, config.hidden, true) {
  INPUT_CHECK(config.variant == Variant::Default || config.variant == Variant::Recbole,
              "--variant: GRU4Rec has the variants default and recbole only");
  child("dense", dense_);
  for (const auto& [name, w] : named_parameters()) {
    const ag::RandomKey key = nn::key_for(name, seed);
    if (name.starts_with("dense.")) {
      nn::uniform_(w, 1 / std::sqrt(double(config.gru_hidden)), key);
    } else if (name.starts_with("gru_layers.")) {
      nn::xavier_uniform_(w, key);
    } else if (w.rank() == 2) {
      nn::normal_(w, std::sqrt(2.0 / static_cast<double>(w.dim(0) + w.dim(1))), key);  // Xavier normal
    }
  }
}

Tensor Gru4rec::encode(const nn::Packed& input, const Tensor& vectors) const {
  const Tensor x = nn::dropout(vectors, config_.dropout, input.dropout, ag::stream("gru4rec input"));
  return dense_(ag::gru(x, weight_ih_, weight_hh_, {}, {}, input.offsets));
}

nn::Packed Gru4rec::pack(const Histories& histories) const {
  return nn::pack(latest(histories, config_.max_length));
}

}  // namespace models
