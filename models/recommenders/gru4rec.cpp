#include "models/recommenders/gru4rec.h"

#include <cmath>

#include "nn/init.h"
#include "nn/io/json.h"

namespace models {

using ag::Tensor;

void Gru4recConfig::describe(const nn::Visit& visit) {
  RecommenderModelConfig::describe(visit);
  visit({"gru-hidden", "size of the recurrent state", nn::at_least(1)}, &gru_hidden);
  describe_tying(visit);
}

nn::OrderedJson Gru4recConfig::architecture() const {
  nn::OrderedJson json = RecommenderModelConfig::architecture();
  json["gru_hidden"] = gru_hidden;
  return json;
}

Gru4rec::Gru4rec(const Gru4recConfig& config, uint64_t seed)
    : TrainableRecommender(config, 0),
      config_(config),
      weight_ih_(parameter("gru_layers.weight_ih_l0", {3 * config.gru_hidden, config.hidden})),
      weight_hh_(parameter("gru_layers.weight_hh_l0", {3 * config.gru_hidden, config.gru_hidden})),
      dense_(config.gru_hidden, config.hidden, true) {
  child("dense", dense_);
  for (const auto& [name, w] : named_parameters()) {
    const ag::RandomKey key = nn::key_for(name, seed);
    if (name.starts_with("dense.")) {
      nn::uniform_(w, 1 / std::sqrt(double(config.gru_hidden)), key);
    } else if (name.starts_with("gru_layers.")) {
      nn::xavier_uniform_(w, key);
    } else if (w.rank() == 2) {
      nn::xavier_normal_(w, key);
    }
  }
}

Tensor Gru4rec::encode(const nn::Packed& input, const Tensor& vectors, Rows rows) const {
  const Tensor x = nn::dropout(vectors, config_.dropout, input.dropout, ag::stream("gru4rec input"));
  const Tensor h = dense_(ag::gru(x, weight_ih_, weight_hh_, {}, {}, input.offsets));
  return rows == Rows::All ? h : ag::embedding(h, input.offsets.last_rows());
}

}  // namespace models
