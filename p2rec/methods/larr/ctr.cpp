#include "p2rec/methods/larr/ctr.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "autograd/ops.h"
#include "nn/init.h"
#include "p2rec/methods/larr/adaptation.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr uint32_t kOrderStream = ag::stream("order of impressions"),
                   kInnerStream = ag::stream("inner layer of clicks");
constexpr int64_t kScoredTogether = 4096;

models::TransformerBlockConfig block_config(const CtrConfig& config) {
  models::TransformerBlockConfig block;
  block.hidden = config.hidden;
  block.inner = config.inner;
  block.heads = config.heads;
  block.activation = models::Activation::Gelu;
  block.dropout = config.dropout;
  block.mask = ag::Mask::None;
  return block;
}

// The number of vectors that the MLP reads.
int64_t inputs_of_mlp(const Scenes& scenes, const CtrInputs& inputs) {
  const int64_t texts = inputs.features.defined() ? 3 : 0;
  return (inputs.one_hot ? std::ssize(scenes.fields()) + 1 : 0) + texts;
}

int64_t columns_of(const CtrInputs& inputs) { return inputs.features.defined() ? inputs.features.dim(1) : 1; }

// Random numbers for matrices by their names, as in the house's other models; biases are zero, norms as they
// are.
void initialise(const CtrModel& model, uint64_t seed) {
  for (const auto& [name, x] : model.named_parameters()) {
    const ag::RandomKey key = nn::key_for("ctr." + name, seed);
    if (x.rank() == 2) nn::xavier_normal_(x, key);
  }
}

// The batches of impressions, in a new order in each epoch. Holds the order of one epoch.
class Batches {
 public:
  Batches(const std::vector<Impression>& all, const CtrConfig& config) : all_(all), config_(config) {}
  int64_t steps_per_epoch() const { return (std::ssize(all_) + config_.batch - 1) / config_.batch; }
  std::vector<Impression> of(int64_t step) {
    if (const int64_t epoch = step / steps_per_epoch(); epoch != epoch_) {
      epoch_ = epoch;
      order_ = ag::random_permutation({config_.seed, static_cast<uint32_t>(epoch), kOrderStream},
                                      static_cast<int32_t>(all_.size()));
    }
    const int64_t begin = step % steps_per_epoch() * config_.batch;
    std::vector<Impression> batch;
    for (int64_t i = begin; i < std::min(begin + config_.batch, std::ssize(all_)); ++i)
      batch.push_back(all_[static_cast<size_t>(order_[static_cast<size_t>(i)])]);
    return batch;
  }

 private:
  const std::vector<Impression>& all_;
  const CtrConfig& config_;
  int64_t epoch_ = -1;
  std::vector<int32_t> order_;
};

// The alignment of the batch's clicked scenes, of each item the first; undefined with fewer than two.
Tensor alignment_loss(const CtrModel& model, const std::vector<Impression>& batch, const Tensor& scene,
                      const Tensor& item_vectors, double temperature) {
  std::set<int32_t> seen;
  std::vector<int32_t> rows, items;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i].click || !seen.insert(batch[i].item).second) continue;
    rows.push_back(static_cast<int32_t>(i));
    items.push_back(batch[i].item);
  }
  if (rows.size() < 2) return {};
  const Tensor scenes = model.align(ag::embedding(scene, Tensor::from_ints(rows)));
  return contrastive_loss(scenes, ag::embedding(item_vectors, Tensor::from_ints(items)), temperature);
}

Tensor loss_of(const CtrModel& model, const std::vector<Impression>& batch, const CtrInputs& inputs,
               const CtrConfig& config, const nn::DropoutContext& dropout) {
  Tensor scene;
  const Tensor logits = model(batch, dropout, &scene);
  std::vector<double> labels;
  for (const Impression& x : batch) labels.push_back(x.click ? 1 : 0);
  const Tensor loss = ag::bce_with_logits(logits, Tensor::from({std::ssize(labels)}, labels));
  if (!inputs.aligned.defined() || !scene.defined()) return loss;
  const Tensor align = alignment_loss(model, batch, scene, inputs.aligned, config.align_temperature);
  return align.defined() ? ag::add(loss, ag::scale(align, config.align)) : loss;
}

}  // namespace

void describe(CtrConfig& c, const nn::Visit& visit) {
  visit({"ctr-hidden", "columns of the click model's vectors", nn::at_least(1)}, &c.hidden);
  visit({"ctr-inner", "size of its inner layers", nn::at_least(1)}, &c.inner);
  visit({"ctr-layers", "layers of the encoder that combines a scene's features", nn::between(1, 100)},
        &c.layers);
  visit({"ctr-heads", "its attention heads; a divisor of ctr-hidden", nn::at_least(1)}, &c.heads);
  visit({"ctr-dropout", "dropout of the click model", nn::kShare}, &c.dropout);
  visit({"ctr-lr", "its learning rate", nn::kPositive}, &c.lr);
  visit({"ctr-weight-decay", "its weight decay, decoupled", nn::at_least(0)}, &c.weight_decay);
  visit({"ctr-batch", "impressions per step", nn::at_least(1)}, &c.batch);
  visit({"ctr-max-epochs", "most epochs", nn::at_least(1)}, &c.max_epochs);
  visit({"ctr-patience", "stops after this many epochs without a better validation AUC", nn::at_least(1)},
        &c.patience);
  visit({"align-weight", "weight of the alignment with the recommender's item vectors", nn::kPositive},
        &c.align);
  visit({"align-temperature", "its temperature", nn::kPositive}, &c.align_temperature);
}

CtrModel::CtrModel(const Scenes& scenes, int64_t items, const CtrInputs& inputs, const CtrConfig& config)
    : scenes_(scenes),
      items_(items),
      inputs_(inputs),
      config_(config),
      table_(scenes.features() + items, config.hidden),
      fields_(std::ssize(scenes.fields()) + 1, config.hidden),
      text_(columns_of(inputs), config.hidden, true),
      item_(columns_of(inputs), config.hidden, true),
      align_(config.hidden, config.hidden, true),
      inner_(inputs_of_mlp(scenes, inputs) * config.hidden, config.inner, true),
      output_(config.inner, 1, true) {
  AG_CHECK(inputs.one_hot || inputs.features.defined(), "CtrModel: neither texts nor one-hot features");
  if (inputs.one_hot) child("table", table_);
  if (inputs.features.defined()) {
    child("fields", fields_);
    child("text", text_);
    child("item", item_);
    for (int64_t i = 0; i < config.layers; ++i) {
      const std::string name = "scene_encoder." + std::to_string(i);
      blocks_.push_back(std::make_unique<models::TransformerBlock>(block_config(config), name));
      child(name, *blocks_.back());
    }
    if (inputs.aligned.defined()) child("align", align_);
  }
  child("inner", inner_);
  child("output", output_);
}

Tensor CtrModel::one_hot(std::span<const Impression> batch) const {
  std::vector<int32_t> rows;
  for (const Impression& x : batch) {
    const std::vector<int32_t> values = scenes_.values_of(x);
    for (size_t f = 0; f < values.size(); ++f)
      rows.push_back(static_cast<int32_t>(scenes_.first_feature(f)) + values[f]);
    rows.push_back(static_cast<int32_t>(scenes_.features()) + x.item);
  }
  const auto columns = (std::ssize(scenes_.fields()) + 1) * config_.hidden;
  return ag::reshape(table_(Tensor::from_ints(rows)), {std::ssize(batch), columns});
}

Tensor CtrModel::scene_of(std::span<const Impression> batch, const nn::DropoutContext& dropout) const {
  const size_t combined = scenes_.fields().size() - scenes_.item_fields();
  std::vector<int32_t> features, places;
  for (const Impression& x : batch) {
    const std::vector<int32_t> values = scenes_.values_of(x);
    for (size_t f = 0; f < combined; ++f) {
      features.push_back(static_cast<int32_t>(scenes_.first_feature(f)) + values[f]);
      places.push_back(static_cast<int32_t>(f) + 1);
    }
  }
  const auto B = std::ssize(batch), F = static_cast<int64_t>(combined), d = config_.hidden;
  const Tensor v = ag::add(text_(ag::embedding(inputs_.features, Tensor::from_ints(features))),
                           fields_(Tensor::from_ints(places))),
               a = fields_(Tensor::from_ints(std::vector<int32_t>(batch.size(), 0)));
  nn::Packed packed;
  packed.offsets = ag::Offsets(std::vector<int32_t>(batch.size(), static_cast<int32_t>(F + 1)));
  packed.dropout = dropout;
  // Each sequence is [a, v_1, ..., v_F], without positions: p_f names the field.
  const Tensor x = ag::reshape(ag::concat({a, ag::reshape(v, {B, F * d})}, 1), {B * (F + 1), d});
  const Tensor states = models::forward(blocks_, x, packed, models::Rows::All);
  return ag::slice(ag::reshape(states, {B, (F + 1) * d}), 1, 0, d);
}

Tensor CtrModel::operator()(std::span<const Impression> batch, const nn::DropoutContext& dropout,
                            Tensor* scene) const {
  std::vector<Tensor> read;
  if (inputs_.one_hot) read.push_back(one_hot(batch));
  if (inputs_.features.defined()) {
    std::vector<int32_t> items;
    for (const Impression& x : batch) items.push_back(x.item);
    const Tensor s = scene_of(batch, dropout),
                 i = item_(ag::embedding(inputs_.items, Tensor::from_ints(items)));
    read.insert(read.end(), {s, i, ag::mul(s, i)});
    if (scene) *scene = s;
  }
  const Tensor inner =
      nn::dropout(ag::relu(inner_(ag::concat(read, 1))), config_.dropout, dropout, kInnerStream);
  return ag::reshape(output_(inner), {std::ssize(batch)});
}

Tensor CtrModel::item_vectors() const {
  return table_.weight.rows(scenes_.features(), scenes_.features() + items_).clone();
}

CtrTraining train_ctr(const Scenes& scenes, int64_t items, const Impressions& impressions,
                      const CtrInputs& inputs, const CtrConfig& config, const Task& task) {
  CtrTraining result;
  result.model = std::make_unique<CtrModel>(scenes, items, inputs, config);
  const CtrModel& model = *result.model;
  initialise(model, config.seed);
  model.requires_grad(true);
  const nn::NamedTensors weights = model.named_parameters();
  nn::NamedTensors best;
  for (const auto& [name, x] : weights) best.emplace_back(name, x.clone());
  nn::Adam adam(weights, {.lr = config.lr, .weight_decay = config.weight_decay});
  Batches batches(impressions.train, config);
  const std::vector<bool> clicks = labels_of(impressions.validation);
  train({.adam = adam,
         .steps_per_epoch = batches.steps_per_epoch(),
         .epochs = config.max_epochs,
         .lr = config.lr,
         .loss = [&](int64_t step, const BatchPart& part) -> PartLoss {
           if (!part.is_last()) return {};
           const nn::DropoutContext dropout{config.seed, static_cast<uint32_t>(step), true};
           return {loss_of(model, batches.of(step), inputs, config, dropout)};
         },
         .validate =
             [&](int64_t epoch) {
               const auto found =
                   static_cast<ag::real>(auc(click_probabilities(model, impressions.validation), clicks));
               if (result.validation.empty() || found > std::ranges::max(result.validation)) {
                 result.best_epoch = epoch;
                 for (size_t i = 0; i < best.size(); ++i) best[i].second.copy_from(weights[i].second);
               }
               result.validation.push_back(found);
               return Values{{"validation_auc", found}};
             },
         .enough = [&](int64_t epoch) { return epoch - result.best_epoch >= config.patience; },
         .state =
             [&](Checkpoint& checkpoint) {
               checkpoint.tensors("best.", best);
               checkpoint.list("validation", result.validation);
               checkpoint.number("best_epoch", result.best_epoch);
             }},
        task);
  for (size_t i = 0; i < best.size(); ++i) Tensor(weights[i].second).copy_from(best[i].second);
  return result;
}

std::vector<double> click_probabilities(const CtrModel& model, std::span<const Impression> impressions) {
  const ag::NoGrad no_grad;
  std::vector<double> probabilities;
  for (size_t begin = 0; begin < impressions.size(); begin += kScoredTogether) {
    const size_t count = std::min<size_t>(kScoredTogether, impressions.size() - begin);
    for (const ag::real p : ag::sigmoid(model(impressions.subspan(begin, count))).values())
      probabilities.push_back(p);
  }
  return probabilities;
}

}  // namespace p2rec
