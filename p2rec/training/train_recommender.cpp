#include "p2rec/training/train_recommender.h"

#include <fmt/format.h>

#include <algorithm>

#include "nn/optim.h"

namespace p2rec {
namespace {

using ag::Tensor;

// Random streams beside those of the model's layers and kWindowOrderStream.
constexpr uint32_t kNegativeStream = 1'000'001, kMaskStream = 1'000'002;

// What early stopping remembers.
struct Best {
  double ndcg = -1;
  int64_t epoch = 0;
  nn::NamedTensors weights;
};

// What is not trained is not copied.
nn::NamedTensors copy_of(const nn::NamedTensors& tensors) {
  nn::NamedTensors copy;
  for (const auto& [name, tensor] : tensors)
    copy.emplace_back(name, tensor.requires_grad() ? tensor.clone() : tensor);
  return copy;
}

nn::NamedTensors trained(const nn::NamedTensors& tensors) {
  nn::NamedTensors result;
  for (const auto& entry : tensors) {
    if (entry.second.requires_grad()) result.push_back(entry);
  }
  return result;
}

void append(nn::NamedTensors& to, const std::string& prefix, const nn::NamedTensors& from) {
  for (const auto& [name, tensor] : from) to.emplace_back(prefix + name, tensor);
}

nn::NamedTensors with_prefix(const nn::TensorFile& file, const std::string& prefix) {
  nn::NamedTensors found;
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with(prefix)) found.emplace_back(name.substr(prefix.size()), tensor);
  }
  return found;
}

class Training {
 public:
  Training(models::TrainableRecommender& model, const Interactions& data, const RecommenderConfig& config,
           const Task& task)
      : model_(model),
        data_(data),
        config_(config),
        task_(task),
        windows_(training_windows(data, config.model.window_length(), config.windows)),
        adam_(trained(model.named_parameters()),
              {.lr = config.lr, .beta2 = config.adam_beta2, .decoupled = false}) {
    INPUT_CHECK(!windows_.empty(), data.source,
                ": nobody has two interactions to train on; hint: leave-one-out keeps the last ",
                "two of each user for validation and test");
    const models::RecommenderModelConfig& m = config.model;
    AG_CHECK(
        !config.lazy_adam ||
            (m.loss.samples() && m.shifts() && !m.own_output && m.use == models::ItemsUse::Start),
        "lazy Adam: it needs a loss that samples, a model that predicts the next item, and one trainable "
        "item table");
  }

  void run() {
    if (const auto saved = task_.resume()) restore(*saved);
    task_.announce(fmt::format("{} windows of {} items, {} steps an epoch, at most {} epochs",
                               windows_.size(), items_of_windows(), steps_of_epoch(), config_.max_epochs));
    while (epoch_ < config_.max_epochs && !out_of_patience()) {
      train_epoch();
      ++epoch_;
      if (config_.patience > 0) validate();
      show();
      if (task_.save_due()) save();
      task_.check_stop();
    }
    if (config_.patience > 0) {
      model_.load(best_.weights, "best epoch");
    } else {
      best_.epoch = epoch_;
    }
    task_.finish(fmt::format("{} epochs, best {}, loss {:.4f}", epoch_, best_.epoch, last_loss_));
  }

  int64_t epochs() const { return epoch_; }
  int64_t best_epoch() const { return best_.epoch; }
  int64_t tokens() const { return tokens_; }

 private:
  bool out_of_patience() const { return config_.patience > 0 && epoch_ - best_.epoch >= config_.patience; }

  int64_t items_of_windows() const {
    int64_t items = 0;
    for (const Window& w : windows_) items += w.length;
    return items;
  }
  int64_t steps_of_epoch() const {
    const auto windows = static_cast<int64_t>(windows_.size());
    return config_.steps_per_epoch ? config_.steps_per_epoch : (windows + config_.batch - 1) / config_.batch;
  }

  void train_epoch() {
    const std::vector<int32_t> order = epoch_windows(static_cast<int64_t>(windows_.size()), epoch_,
                                                     config_.batch, config_.steps_per_epoch, config_.seed);
    double total = 0;
    for (size_t begin = 0; begin < order.size(); begin += static_cast<size_t>(config_.batch)) {
      const size_t size = std::min(static_cast<size_t>(config_.batch), order.size() - begin);
      total += train_step({order.data() + begin, size});
    }
    last_loss_ = total / static_cast<double>(steps_of_epoch());
  }

  double train_step(std::span<const int32_t> chosen) {
    const auto step = static_cast<uint32_t>(adam_.steps());
    models::SequenceBatch batch =
        model_.training_batch(items_of(data_, windows_, chosen), {config_.seed, step, kMaskStream});
    batch.input.dropout = {config_.seed, step, true};
    const models::LossConfig& loss_config = config_.model.loss;
    if (loss_config.samples()) {
      batch.negatives = draw_negatives(data_, windows_, chosen, batch, loss_config.negatives,
                                       {config_.seed, step, kNegativeStream}, config_.share_negatives);
    }
    tokens_ += batch.input.offsets.rows();
    const double loss = config_.lazy_adam ? step_on_rows(batch) : step_on_all(batch);
    task_.log(step, {{"loss", loss}, {"lr", config_.lr}});
    return loss;
  }

  double step_on_all(const models::SequenceBatch& batch) {
    adam_.zero_grad();
    const Tensor loss = model_.loss(batch);
    ag::backward(loss);
    adam_.step();
    return loss.item();
  }

  // Only the rows of the item table that the batch speaks of are read and changed.
  double step_on_rows(models::SequenceBatch& batch) {
    const Tensor table = model_.items().trainable_table(), ids = use_rows_alone(batch, table);
    adam_.zero_grad();
    const Tensor loss = model_.loss(batch);
    ag::backward(loss);
    adam_.step_rows({table, ids, batch.item_rows.grad()});
    return loss.item();
  }

  void validate() {
    const RankingConfig ranking{.users = config_.validation_users};
    const double ndcg = evaluate(model_, data_, Target::Validation, ranking).ndcg[1];
    task_.log(adam_.steps() - 1, {{"epoch", static_cast<double>(epoch_)}, {"validation_ndcg@10", ndcg}});
    if (ndcg > best_.ndcg) best_ = {ndcg, epoch_, copy_of(model_.named_parameters())};
  }

  void show() const {
    std::string text =
        fmt::format("epoch {} of at most {}, loss {:.4f}", epoch_, config_.max_epochs, last_loss_);
    if (config_.patience > 0)
      text += fmt::format(", validation NDCG@10 {:.4f} at epoch {}", best_.ndcg, best_.epoch);
    task_.progress(static_cast<double>(epoch_) / static_cast<double>(config_.max_epochs), text);
  }

  void save() const {
    nn::NamedTensors state;
    append(state, "model.", model_.named_parameters());
    append(state, "best.", best_.weights);
    append(state, "adam.", adam_.state());
    task_.save(adam_.steps() - 1, state,
               {{"epoch", std::to_string(epoch_)},
                {"best_epoch", std::to_string(best_.epoch)},
                {"tokens", std::to_string(tokens_)},
                {"best_ndcg", fmt::format("{:.17g}", best_.ndcg)},
                {"last_loss", fmt::format("{:.17g}", last_loss_)}});
  }

  void restore(const nn::TensorFile& saved) {
    model_.load(with_prefix(saved, "model."), saved.path);
    nn::TensorFile moments{with_prefix(saved, "adam."), {}, saved.path};
    adam_.load_state(moments);
    epoch_ = std::stoll(saved.metadata.at("epoch"));
    tokens_ = std::stoll(saved.metadata.at("tokens"));
    last_loss_ = std::stod(saved.metadata.at("last_loss"));
    best_ = {std::stod(saved.metadata.at("best_ndcg")), std::stoll(saved.metadata.at("best_epoch")),
             with_prefix(saved, "best.")};
  }

  models::TrainableRecommender& model_;
  const Interactions& data_;
  const RecommenderConfig& config_;
  const Task& task_;
  std::vector<Window> windows_;
  nn::Adam adam_;
  int64_t epoch_ = 0, tokens_ = 0;
  double last_loss_ = 0;
  Best best_;
};

}  // namespace

std::unique_ptr<models::TrainableRecommender> make_recommender(int64_t items,
                                                               const RecommenderConfig& config) {
  models::RecommenderModelConfig model = config.model;
  model.items = items;
  auto made = models::make_recommender(model, config.seed);
  made->move_to(config.device);
  return made;
}

std::unique_ptr<models::TrainableRecommender> load_recommender(const nn::TensorFile& file, int64_t items,
                                                               RecommenderConfig config) {
  if (const Tensor* features = file.find("item_embedding.features")) {
    INPUT_CHECK(features->rank() == 2, file.path, ": item_embedding.features has shape ", features->shape(),
                "; expected a matrix");
    config.model.features = features->dim(1);
  }
  auto model = make_recommender(items, config);
  model->load(file.tensors, file.path);
  return model;
}

Recommender pretrain_teacher(const Interactions& data, const RecommenderConfig& config, const Task& task) {
  return train_from({}, data, config, task);
}

Recommender train_from(const Tensor& start, const Interactions& data, const RecommenderConfig& config,
                       const Task& task) {
  RecommenderConfig with_features = config;
  if (start.defined()) with_features.model.features = start.dim(1);
  auto model = make_recommender(data.items(), with_features);
  if (start.defined()) model->items().set(start);
  Training training(*model, data, config, task);
  training.run();
  return {std::move(model), training.epochs(), training.best_epoch(), training.tokens()};
}

}  // namespace p2rec
