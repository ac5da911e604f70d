#include "models/recommenders/recommender.h"

#include <algorithm>

namespace models {
namespace {

using ag::Tensor;

ItemEmbeddingConfig checked_items(const RecommenderModelConfig& config, int64_t extra_rows) {
  config.check();
  return {config.items, extra_rows, config.hidden, config.use, config.features};
}

}  // namespace

Tensor SequentialRecommender::scores(const nn::Packed& histories) const {
  const ag::NoGrad no_grad;
  return ag::matmul(user_states(histories), output_embeddings(), false, true);
}

SequenceBatch TrainableRecommender::training_batch(const Histories& windows, const ag::RandomKey&) const {
  Histories inputs;
  std::vector<int32_t> targets;
  for (const auto& window : windows) {
    AG_CHECK(window.size() >= 2, "training batch: a window of ", window.size(),
             " items has nothing to predict");
    inputs.emplace_back(window.begin(), window.end() - 1);
    targets.insert(targets.end(), window.begin() + 1, window.end());
  }
  SequenceBatch batch;
  batch.input = pack(inputs);
  batch.targets = Tensor::from_ints(targets);
  return batch;
}

TrainableRecommender::TrainableRecommender(const RecommenderModelConfig& config, int64_t extra_rows)
    : items_(checked_items(config, extra_rows)) {
  child("item_embedding", items_);
  if (config.tie_embeddings) return;
  untied_ = std::make_unique<nn::Embedding>(config.items, config.hidden);
  child("output_embedding", *untied_);
}

Tensor TrainableRecommender::output_embeddings_of(const Tensor& table) const {
  return untied_ ? untied_->weight : tied_output(table);
}

Tensor TrainableRecommender::loss(const SequenceBatch& batch, const LossConfig& config) const {
  const Tensor table = batch.item_rows.defined() ? batch.item_rows : items_.table();
  Tensor h = encode(batch.input, ag::embedding(table, batch.input.ids), Rows::All);
  if (batch.rows.defined()) h = ag::embedding(h, batch.rows);
  return recommender_loss(config, this->config().items, project(h), output_embeddings_of(table),
                          batch.targets, batch.negatives);
}

Tensor TrainableRecommender::user_states(const nn::Packed& histories) const {
  return project(encode(histories, items_(histories.ids), Rows::LastOnly));
}

Histories latest(const Histories& histories, int64_t most) {
  Histories cut;
  for (const auto& history : histories) {
    const auto length = std::min<std::ptrdiff_t>(std::ssize(history), most);
    cut.emplace_back(history.end() - length, history.end());
  }
  return cut;
}

}  // namespace models
