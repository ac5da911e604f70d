#include "models/recommenders/recommender.h"

#include <algorithm>

#include "nn/io/json.h"

namespace models {
namespace {

using ag::Tensor;

std::vector<std::pair<std::string, ItemsUse>> named_uses() {
  return {{"start", ItemsUse::Init}, {"frozen", ItemsUse::Frozen}, {"concat", ItemsUse::Concat}};
}

ItemEmbeddingConfig checked_items(const RecommenderModelConfig& config, int64_t extra_rows) {
  config.check();
  return {config.items, extra_rows, config.hidden, config.use, config.features};
}

}  // namespace

void RecommenderModelConfig::describe(const nn::Visit& visit) {
  visit({"max-length", "largest number of items that it reads of a history", nn::at_least(1)}, &max_length);
  visit({"hidden", "columns of an item's embedding", nn::at_least(1)}, &hidden);
  visit({"dropout", "share of activations that are dropped in training", nn::kShare}, &dropout);
  nn::visit_choice(
      visit,
      {"use",
       "how given item vectors are used: start initialises the item table; frozen keeps them, under a "
       "trained adapter; concat puts the adapted vectors beside a trainable table"},
      use, named_uses());
}

void RecommenderModelConfig::describe_tying(const nn::Visit& visit) {
  bool untied = !tie_embeddings;
  visit({"untied", "compare states with a second item table, as in gSASRec, not with the input's"}, &untied);
  tie_embeddings = !untied;
}

nn::OrderedJson RecommenderModelConfig::architecture() const {
  const auto names = named_uses();
  nn::OrderedJson json = {
      {"items", items},
      {"max_length", max_length},
      {"hidden", hidden},
      {"tied", tie_embeddings},
      {"causal", is_causal()},
      {"use", std::ranges::find(names, use, &decltype(names)::value_type::second)->first}};
  if (use != ItemsUse::Init) json["features"] = features;
  return json;
}

void RecommenderModelConfig::check() const {
  INPUT_CHECK(use != ItemsUse::Concat || hidden >= 2, "hidden: found ", hidden,
              "; expected at least 2, half for given vectors and half for a table");
}

SequenceBatch part(const SequenceBatch& whole, int64_t begin, int64_t end) {
  const auto first = static_cast<int32_t>(whole.input.offsets.at(begin)),
             last = static_cast<int32_t>(whole.input.offsets.at(end));
  // The targets whose rows are in [first, last); the rows are in ascending order.
  int64_t from = first, to = last;
  if (whole.rows.defined()) {
    const int32_t *rows = whole.rows.ints(), *rows_end = rows + whole.rows.numel();
    from = std::lower_bound(rows, rows_end, first) - rows;
    to = std::lower_bound(rows, rows_end, last) - rows;
  }
  SequenceBatch cut{nn::part(whole.input, begin, end), whole.targets.rows(from, to), {}, {}, whole.item_rows};
  if (whole.negatives.defined()) cut.negatives = whole.negatives.rows(from, to);
  if (whole.rows.defined()) {
    cut.rows = whole.rows.rows(from, to).clone();
    for (int64_t i = 0; i < to - from; ++i) cut.rows.ints()[i] -= first;
  }
  return cut;
}

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

nn::Packed TrainableRecommender::pack(const Histories& histories) const {
  return nn::pack(latest(histories, config().max_length));
}

Tensor TrainableRecommender::user_states(const nn::Packed& histories) const {
  return project(encode(histories, items_(histories.ids), Rows::LastOnly));
}

std::unique_ptr<SequentialRecommender> with_cached_table(const SequentialRecommender& model) {
  const auto* trained = dynamic_cast<const TrainableRecommender*>(&model);
  AG_CHECK(trained && model.config().use != ItemsUse::Init, "with_cached_table: the model has no adapter");
  const ag::NoGrad no_grad;
  const AnyRecommenderConfig config = model.config();
  auto cached_config = config;
  cached_config->use = ItemsUse::Init;
  cached_config->features = 0;
  auto cached = cached_config->make(0);
  nn::NamedTensors weights = {{"item_embedding.weight", trained->input_embeddings().table()}};
  for (const auto& [name, tensor] : model.named_parameters()) {
    if (!name.starts_with("item_embedding.")) weights.emplace_back(name, tensor);
  }
  cached->load(weights, "a recommender with its table cached");
  cached->move_to(weights[0].second.device());
  return cached;
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
