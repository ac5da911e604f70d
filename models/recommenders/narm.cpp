#include "models/recommenders/narm.h"

#include <cmath>

#include "nn/init.h"
#include "nn/io/json.h"

namespace models {

using ag::Tensor;

void NarmConfig::describe(const nn::Visit& visit) {
  RecommenderModelConfig::describe(visit);
  visit({"gru-hidden", "size of the recurrent state", nn::at_least(1)}, &gru_hidden);
  visit({"context-dropout", "dropout on the joined states", nn::kShare}, &context_dropout);
  describe_tying(visit);
}

nn::OrderedJson NarmConfig::architecture() const {
  nn::OrderedJson json = RecommenderModelConfig::architecture();
  json["gru_hidden"] = gru_hidden;
  return json;
}

Narm::Narm(const NarmConfig& config, uint64_t seed)
    : TrainableRecommender(config, 0),
      config_(config),
      weight_ih_(parameter("gru.weight_ih_l0", {3 * config.gru_hidden, config.hidden})),
      weight_hh_(parameter("gru.weight_hh_l0", {3 * config.gru_hidden, config.gru_hidden})),
      a_1_(config.gru_hidden, config.gru_hidden, false),
      a_2_(config.gru_hidden, config.gru_hidden, false),
      v_t_(config.gru_hidden, 1, false),
      b_(2 * config.gru_hidden, config.hidden, false) {
  child("a_1", a_1_);
  child("a_2", a_2_);
  child("v_t", v_t_);
  child("b", b_);
  for (const auto& [name, w] : named_parameters()) {
    const ag::RandomKey key = nn::key_for(name, seed);
    if (name.starts_with("gru.")) {
      nn::uniform_(w, 1 / std::sqrt(double(config.gru_hidden)), key);
    } else if (w.rank() == 2) {
      nn::xavier_normal_(w, key);
    }
  }
}

// The sums of a_tj h_j over j <= t, for every row t or only the last of
// each sequence: h (N,G) -> (N,G) or (B,G).
Tensor Narm::local(const Tensor& h, const ag::Offsets& offsets, Rows rows) const {
  const auto first_query = [&](int64_t b) {
    return rows == Rows::All ? offsets.at(b) : offsets.at(b + 1) - 1;
  };
  std::vector<int32_t> queries, keys;  // t and j of all pairs of a sequence, also those with j > t
  std::vector<double> is_seen;         // 1 if j <= t
  for (int64_t b = 0; b < offsets.sequences(); ++b) {
    for (int64_t t = first_query(b); t < offsets.at(b + 1); ++t) {
      for (int64_t j = offsets.at(b); j < offsets.at(b + 1); ++j) {
        queries.push_back(static_cast<int32_t>(t));
        keys.push_back(static_cast<int32_t>(j));
        is_seen.push_back(j <= t ? 1 : 0);
      }
    }
  }
  const Tensor sums = ag::add(ag::embedding(a_1_(h), Tensor::from_ints(keys)),
                              ag::embedding(a_2_(h), Tensor::from_ints(queries)));
  const Tensor seen = Tensor::from({std::ssize(is_seen), 1}, is_seen).to(h.device());
  const Tensor weights = ag::mul(v_t_(ag::sigmoid(sums)), seen);
  std::vector<Tensor> result;
  int64_t pair = 0;
  for (int64_t b = 0; b < offsets.sequences(); ++b) {
    const int64_t Q = offsets.at(b + 1) - first_query(b), L = offsets.length(b);
    const Tensor of_sequence = ag::reshape(ag::slice(weights, 0, pair, pair + Q * L), {Q, L});
    result.push_back(ag::matmul(of_sequence, ag::slice(h, 0, offsets.at(b), offsets.at(b + 1))));
    pair += Q * L;
  }
  return ag::concat(result, 0);
}

Tensor Narm::encode(const nn::Packed& input, const Tensor& vectors, Rows rows) const {
  const Tensor x = nn::dropout(vectors, config_.dropout, input.dropout, ag::stream("narm input"));
  const Tensor h = ag::gru(x, weight_ih_, weight_hh_, {}, {}, input.offsets);
  const bool all = rows == Rows::All;
  const Tensor last = all ? Tensor() : input.offsets.last_rows();
  const Tensor global = all ? h : ag::embedding(h, last);
  const nn::DropoutContext dropout = all ? input.dropout : input.dropout.at(last);
  const Tensor context = ag::concat({local(h, input.offsets, rows), global}, 1);
  return b_(nn::dropout(context, config_.context_dropout, dropout, ag::stream("narm context")));
}

}  // namespace models
