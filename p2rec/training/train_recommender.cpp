#include "p2rec/training/train_recommender.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/recommenders/popularity.h"
#include "p2rec/training/loop.h"

namespace p2rec {
namespace {

using ag::Tensor;

// Random streams beside those of the model's layers and kWindowOrderStream.
constexpr uint32_t kNegativeStream = 1'000'001, kMaskStream = 1'000'002;

// Early stopping's memory.
struct Best {
  double ndcg = -1;
  int64_t epoch = 0;
  nn::NamedTensors weights;
};

nn::NamedTensors trained(const nn::NamedTensors& tensors) {
  nn::NamedTensors result;
  for (const auto& entry : tensors) {
    if (entry.second.requires_grad()) result.push_back(entry);
  }
  return result;
}

nn::NamedTensors copy_of(const nn::NamedTensors& tensors) {
  nn::NamedTensors copy;
  for (const auto& [name, tensor] : tensors) copy.emplace_back(name, tensor.clone());
  return copy;
}

void copy_into(const nn::NamedTensors& to, const nn::NamedTensors& from) {
  for (size_t i = 0; i < to.size(); ++i) Tensor(to[i].second).copy_from(from[i].second);
}

class Training {
 public:
  Training(models::TrainableRecommender& model, const Interactions& data, const RecommenderConfig& config)
      : model_(model),
        data_(data),
        config_(config),
        windows_(training_windows(data, config.model->window_length(), config.windows)),
        weights_(trained(model.named_parameters())),
        adam_(weights_, {.lr = config.lr, .beta2 = config.adam_beta2, .decoupled = false}) {
    INPUT_CHECK(!windows_.empty(), data.source,
                ": nobody has two interactions to train on; hint: leave-one-out keeps the last ",
                "two of each user for validation and test");
    const models::RecommenderModelConfig& m = *config.model;
    AG_CHECK(
        !config.lazy_adam ||
            (config.loss.samples() && m.is_causal() && m.tie_embeddings && m.use == models::ItemsUse::Init),
        "lazy Adam: it needs a loss that samples, a model that predicts the next item, and one trainable "
        "item table");
    if (config.patience > 0) best_.weights = copy_of(weights_);
  }

  Recommender run(const Task& task) {
    task.announce(fmt::format("{} windows of {} items, {} steps an epoch, at most {} epochs", windows_.size(),
                              items_of_windows(), steps_of_epoch(), config_.max_epochs));
    const Loop loop = training_loop();
    const std::vector<double> losses = train(loop, task);
    const auto steps = static_cast<int64_t>(losses.size());
    const int64_t epochs = steps / loop.steps_per_epoch;
    if (config_.patience > 0) {
      copy_into(weights_, best_.weights);
    } else {
      best_.epoch = epochs;
    }
    task.finish(fmt::format("{} epochs, best {}, loss {:.4f}", epochs, best_.epoch,
                            mean_loss(losses, steps - loop.steps_per_epoch, steps)));
    return {nullptr, epochs, best_.epoch, tokens_};
  }

 private:
  Loop training_loop() {
    Loop loop{.adam = adam_,
              .steps_per_epoch = steps_of_epoch(),
              .epochs = config_.max_epochs,
              .lr = config_.lr,
              .loss = [this](int64_t step, const Part& part) { return loss(step, part); },
              .state = [this](Checkpoint& checkpoint) { visit_state(checkpoint); }};
    if (config_.lazy_adam) {
      loop.sparse_rows = [this] {
        return nn::RowGradient{model_.input_embeddings().trainable_table(), used_rows_,
                               batch_.item_rows.grad()};
      };
    }
    if (config_.patience > 0) {
      loop.validate = [this](int64_t epoch) { return validate(epoch); };
      loop.enough = [this](int64_t epoch) { return epoch - best_.epoch >= config_.patience; };
      loop.status = [this] {
        return fmt::format(", validation NDCG@10 {:.4f} at epoch {}", best_.ndcg, best_.epoch);
      };
    }
    return loop;
  }

  int64_t items_of_windows() const {
    int64_t items = 0;
    for (const Window& w : windows_) items += w.length;
    return items;
  }
  int64_t steps_of_epoch() const {
    const auto windows = static_cast<int64_t>(windows_.size());
    return config_.steps_per_epoch ? config_.steps_per_epoch : (windows + config_.batch - 1) / config_.batch;
  }

  std::span<const int32_t> windows_of(int64_t step) {
    const int64_t epoch = step / steps_of_epoch();
    if (epoch != ordered_epoch_) {
      order_ = epoch_windows(static_cast<int64_t>(windows_.size()), epoch, config_.batch,
                             config_.steps_per_epoch, config_.seed);
      ordered_epoch_ = epoch;
    }
    const auto batch = static_cast<size_t>(config_.batch),
               begin = static_cast<size_t>(step % steps_of_epoch()) * batch;
    return {order_.data() + begin, std::min(batch, order_.size() - begin)};
  }

  models::SequenceBatch make_batch(int64_t step) {
    const std::span<const int32_t> chosen = windows_of(step);
    const auto at = [&](uint32_t stream) {
      return ag::RandomKey{config_.seed, static_cast<uint32_t>(step), stream};
    };
    models::SequenceBatch batch = model_.training_batch(items_of(data_, windows_, chosen), at(kMaskStream));
    batch.input.dropout = {config_.seed, static_cast<uint32_t>(step), true};
    if (config_.loss.samples()) {
      batch.negatives = draw_negatives(data_, windows_, chosen, batch, config_.loss.negatives,
                                       at(kNegativeStream), config_.share_negatives);
    }
    return batch;
  }

  PartLoss loss(int64_t step, const Part& part) {
    if (part.index == 0) {
      batch_ = make_batch(step);
      tokens_ += batch_.input.offsets.rows();
      if (config_.lazy_adam) used_rows_ = use_rows_alone(batch_, model_.input_embeddings().trainable_table());
    }
    return {model_.loss(batch_, config_.loss)};
  }

  Values validate(int64_t epoch) {
    const RankingConfig ranking{.users = config_.validation_users};
    const double ndcg = evaluate(model_, data_, Target::Validation, ranking).ndcg_at(10);
    if (ndcg > best_.ndcg) {
      best_.ndcg = ndcg;
      best_.epoch = epoch;
      copy_into(best_.weights, weights_);
    }
    return {{"validation_ndcg@10", ndcg}};
  }

  void visit_state(Checkpoint& checkpoint) {
    checkpoint.number("tokens", tokens_);
    checkpoint.number("best_ndcg", best_.ndcg);
    checkpoint.number("best_epoch", best_.epoch);
    checkpoint.tensors("best.", best_.weights);
  }

  models::TrainableRecommender& model_;
  const Interactions& data_;
  const RecommenderConfig& config_;
  std::vector<Window> windows_;
  nn::NamedTensors weights_;  // that are trained
  nn::Adam adam_;
  Best best_;
  int64_t tokens_ = 0;
  int64_t ordered_epoch_ = -1;
  std::vector<int32_t> order_;   // of the windows in that epoch
  models::SequenceBatch batch_;  // the step's
  Tensor used_rows_;             // sparse Adam: the items that batch_.item_rows are
};

models::AnyRecommenderConfig with_items(models::AnyRecommenderConfig model, int64_t items) {
  model->items = items;
  return model;
}

Recommender count_popularity(const Interactions& data, const models::PopularityConfig& config,
                             const Task& task) {
  const CountedPart part = config.all ? CountedPart::Everything : CountedPart::Training;
  task.finish(config.all ? "counted in all interactions" : "counted in the training parts");
  return {std::make_unique<models::Popularity>(item_counts(data, part))};
}

}  // namespace

std::unique_ptr<models::TrainableRecommender> make_recommender(int64_t items,
                                                               const RecommenderConfig& config) {
  auto made = with_items(config.model, items)->make(config.seed);
  auto* trainable = dynamic_cast<models::TrainableRecommender*>(made.get());
  AG_CHECK(trainable, "make_recommender: this model is counted, not trained");
  trainable->move_to(config.device);
  made.release();
  return std::unique_ptr<models::TrainableRecommender>(trainable);
}

std::unique_ptr<models::SequentialRecommender> load_recommender(const nn::TensorFile& file, int64_t items,
                                                                RecommenderConfig config) {
  if (const Tensor* features = file.find("item_embedding.features")) {
    INPUT_CHECK(features->rank() == 2, file.path, ": item_embedding.features has shape ", features->shape(),
                "; expected a matrix");
    config.model->features = features->dim(1);
  }
  auto model = with_items(config.model, items)->make(config.seed);
  model->load(file.tensors, file.path);
  model->move_to(config.device);
  return model;
}

Recommender pretrain_teacher(const Interactions& data, const RecommenderConfig& config, const Task& task) {
  return train_from({}, data, config, task);
}

Recommender train_from(const Tensor& start, const Interactions& data, const RecommenderConfig& config,
                       const Task& task) {
  if (const auto* popularity = config.model.as<models::PopularityConfig>())
    return count_popularity(data, *popularity, task);
  RecommenderConfig with_features = config;
  if (start.defined()) with_features.model->features = start.dim(1);
  auto model = make_recommender(data.items(), with_features);
  if (start.defined()) model->input_embeddings().set(start);
  Recommender recommender = Training(*model, data, config).run(task);
  recommender.model = std::move(model);
  return recommender;
}

}  // namespace p2rec
