#include "p2rec/training/train_recommender.h"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/ops.h"
#include "models/recommenders/popularity.h"
#include "models/recommenders/registry.h"
#include "p2rec/training/loop.h"
#include "p2rec/training/measured_memory.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr uint32_t kNegativeStream = ag::stream("negatives"), kMaskStream = ag::stream("masked items");

constexpr const char* kArchitecture = "architecture";  // in a file's metadata

constexpr int64_t kFewTokens = 64, kManyTokens = 1024;  // of a measured batch

int64_t steps_of_epoch(int64_t windows, const RecommenderConfig& config) {
  return config.steps_per_epoch ? config.steps_per_epoch : (windows + config.batch - 1) / config.batch;
}

// The best epoch so far, for early stopping.
struct Best {
  double ndcg = -1;
  int64_t epoch = 0;
  nn::NamedTensors weights;
};

nn::NamedTensors trained(nn::NamedTensors tensors) {
  std::erase_if(tensors, [](const auto& entry) { return !entry.second.requires_grad(); });
  return tensors;
}

void copy_into(const nn::NamedTensors& to, const nn::NamedTensors& from) {
  for (size_t i = 0; i < from.size(); ++i) Tensor(to[i].second).copy_from(from[i].second);
}

class Training {
 public:
  Training(models::TrainableRecommender& model, const Interactions& data, const RecommenderConfig& config,
           ExtraLoss extra = {})
      : model_(model),
        data_(data),
        config_(config),
        extra_(std::move(extra)),
        windows_(training_windows(data, config.model->window_length(), config.windows)),
        weights_(trained(model.named_parameters())),
        adam_(weights_, {.lr = config.lr, .beta2 = config.adam_beta2, .decoupled = false}) {
    INPUT_CHECK(!windows_.empty(), data.source,
                ": no user has two training interactions; hint: leave-one-out keeps the last ",
                "two of each user for validation and test");
    if (config.patience == 0) return;
    for (const auto& [name, tensor] : weights_) best_.weights.emplace_back(name, tensor.clone());
  }

  Recommender run(const Task& task) {
    ranks_ = task.ranks();
    const Loop loop = training_loop();
    const std::vector<double> losses = train(loop, task);
    const int64_t steps = std::ssize(losses), epochs = steps / loop.steps_per_epoch;
    if (config_.patience == 0) {
      best_.epoch = epochs;
      task.finish(fmt::format("{}, loss {:.4f}", counted(epochs, "epoch"),
                              mean_loss(losses, steps - loop.steps_per_epoch, steps)));
    } else {
      copy_into(weights_, best_.weights);
      task.finish(fmt::format("validation NDCG@10 {:.4f}, epoch {} of {}", best_.ndcg, best_.epoch, epochs));
    }
    return {nullptr, epochs, best_.epoch, validation_, tokens_};
  }

  std::vector<int64_t> window_lengths() const {
    std::vector<int64_t> lengths;
    for (const Window& w : windows_) lengths.push_back(w.length);
    return lengths;
  }

  // Computes only the gradients of an epoch's first n windows, to measure memory. Returns the windows' items.
  int64_t run_batch(int64_t n) {
    adam_.zero_grad();
    windows_of(0);
    const std::span<const int32_t> chosen = std::span(order_).first(static_cast<size_t>(n));
    batch_ = make_batch(0, chosen);
    ag::backward(model_.loss(batch_, config_.loss));
    int64_t items = 0;
    for (const int32_t w : chosen) items += windows_[static_cast<size_t>(w)].length;
    return items;
  }

 private:
  Loop training_loop() {
    Loop loop{.adam = adam_,
              .steps_per_epoch = steps_of_epoch(),
              .epochs = config_.max_epochs,
              .parts = config_.batch_parts,
              .lr = config_.lr,
              .loss = [this](int64_t step, const BatchPart& part) { return loss(step, part); },
              .state = [this](Checkpoint& checkpoint) { visit_state(checkpoint); }};
    if (config_.sparse_adam) {
      loop.sparse_table = model_.input_embeddings().trainable_table();
      loop.sparse_rows = [this] {
        const Tensor rows = batch_.item_rows.grad();  // undefined if this rank's parts are empty
        return nn::RowGradient{model_.input_embeddings().trainable_table(), used_rows_,
                               rows.defined() ? rows : ag::zeros_like(batch_.item_rows)};
      };
    }
    if (config_.patience > 0) {
      loop.validate = [this](int64_t epoch) { return validate(epoch); };
      loop.enough = [this](int64_t epoch) { return epoch - best_.epoch >= config_.patience; };
      loop.status = [this] {
        return best_.epoch ? fmt::format("validation NDCG@10 {:.4f}, epoch {}; ", best_.ndcg, best_.epoch)
                           : std::string();
      };
    }
    return loop;
  }

  int64_t steps_of_epoch() const { return p2rec::steps_of_epoch(std::ssize(windows_), config_); }

  std::span<const int32_t> windows_of(int64_t step) {
    const int64_t epoch = step / steps_of_epoch();
    if (epoch != ordered_epoch_) {
      order_ =
          epoch_windows(std::ssize(windows_), epoch, config_.batch, config_.steps_per_epoch, config_.seed);
      ordered_epoch_ = epoch;
    }
    const auto batch = static_cast<size_t>(config_.batch),
               begin = static_cast<size_t>(step % steps_of_epoch()) * batch;
    return {order_.data() + begin, std::min(batch, order_.size() - begin)};
  }

  models::SequenceBatch make_batch(int64_t step, std::span<const int32_t> chosen) {
    const auto at = [&](uint32_t stream) {
      return ag::RandomKey{config_.seed, static_cast<uint32_t>(step), stream};
    };
    models::SequenceBatch batch = model_.training_batch(items_of(data_, windows_, chosen), at(kMaskStream));
    batch.input.dropout = {config_.seed, static_cast<uint32_t>(step), true};
    const models::LossConfig& loss = config_.loss;
    if (loss.samples()) {
      batch.negatives = draw_negatives(data_, windows_, chosen, batch, loss.negatives, at(kNegativeStream),
                                       config_.share_negatives);
    }
    if (config_.sparse_adam)
      used_rows_ = restrict_to_used_rows(batch, model_.input_embeddings().trainable_table());
    return batch;
  }

  ag::Tensor whole_loss(const models::SequenceBatch& batch) {
    const Tensor loss = model_.loss(batch, config_.loss);
    return extra_ ? ag::add(loss, extra_(model_, batch)) : loss;
  }

  PartLoss loss(int64_t step, const BatchPart& part) {
    if (step != batch_step_) {
      batch_ = make_batch(step, windows_of(step));
      batch_step_ = step;
      tokens_ += batch_.input.offsets.rows();
    }
    const bool in_one = part.count == 1 || extra_;  // an extra loss may compare all items of a batch
    if (in_one) return part.is_last() ? PartLoss{whole_loss(batch_)} : PartLoss{};
    const int64_t B = batch_.input.offsets.sequences();
    const models::SequenceBatch batch = models::part(batch_, part.begin(B), part.end(B));
    if (batch.targets.numel() == 0) return {};
    return {model_.loss(batch, config_.loss), batch.targets.numel(), batch_.targets.numel()};
  }

  Values validate(int64_t epoch) {
    const RankingConfig ranking{.users = config_.validation_users};
    const double ndcg = evaluate(model_, data_, Target::Validation, ranking, ranks_).at("NDCG@10");
    validation_.push_back(static_cast<ag::real>(ndcg));  // rounded as in a checkpoint
    if (ndcg > best_.ndcg) {
      best_.ndcg = ndcg;
      best_.epoch = epoch;
      copy_into(best_.weights, weights_);
    }
    return {{"validation_ndcg@10", ndcg}};
  }

  void visit_state(Checkpoint& checkpoint) {
    checkpoint.number("tokens", tokens_);
    checkpoint.list("validation", validation_);
    checkpoint.number("best_ndcg", best_.ndcg);
    checkpoint.number("best_epoch", best_.epoch);
    checkpoint.tensors("best.", best_.weights);
  }

  models::TrainableRecommender& model_;
  const Interactions& data_;
  const RecommenderConfig& config_;
  ExtraLoss extra_;
  ag::Communicator ranks_;
  std::vector<Window> windows_;
  nn::NamedTensors weights_;  // those that are trained
  nn::Adam adam_;
  Best best_;
  std::vector<double> validation_;  // NDCG@10 after each epoch
  int64_t tokens_ = 0;
  int64_t ordered_epoch_ = -1;
  std::vector<int32_t> order_;   // of the windows in that epoch
  models::SequenceBatch batch_;  // of the current step
  int64_t batch_step_ = -1;
  Tensor used_rows_;  // sparse Adam: the items in batch_.item_rows
};

// An architecture also tells apart what has the same parameters, such as two variants of SASRec.
void check_architecture(const nn::TensorFile& file, const models::RecommenderModelConfig& config) {
  const auto found = file.metadata.find(kArchitecture);
  INPUT_CHECK(found != file.metadata.end(), file.path, ": its metadata has no '", kArchitecture,
              "'; hint: another version of p2rec wrote it; start over with --overwrite");
  const std::string expected = models::architecture_text(config);
  INPUT_CHECK(found->second == expected, file.path, ": holds the recommender ", found->second, "; expected ",
              expected, "; hint: is the file of another run?");
}

std::unique_ptr<models::SequentialRecommender> make_model(int64_t items, RecommenderConfig config) {
  config.model->items = items;
  return config.model->make(config.seed);
}

Recommender count_popularity(const Interactions& data, const models::PopularityConfig& config,
                             const Task& task) {
  const CountedPart part = config.all ? CountedPart::Everything : CountedPart::Training;
  task.finish(config.all ? "counted in all interactions" : "counted in the training parts");
  return {std::make_unique<models::Popularity>(item_counts(data, part))};
}

}  // namespace

void describe(RecommenderConfig& c, const nn::Visit& visit) {
  std::string name = models::name_of(*c.model);
  visit({"model", "kind of recommender", nn::kAny, models::recommender_names()}, &name);
  if (name != models::name_of(*c.model)) c.model = models::default_recommender_config(name);
  c.model->describe(visit);
  const char* sample = "evaluate a fixed sample of N users, also for early stopping; 0: all users";
  const nn::Option users = {"evaluate-users", sample, nn::at_least(0)};
  if (c.model.as<models::PopularityConfig>()) return visit(users, &c.validation_users);
  describe(c.loss, visit);
  visit({"share-negatives", "use the same negatives for all positions of a step, which is faster"},
        &c.share_negatives);
  visit({"lr", "learning rate of Adam", nn::kPositive}, &c.lr);
  visit({"adam-beta2", "Adam's second decay rate", nn::kShare}, &c.adam_beta2);
  visit({"lazy-adam", "sparse Adam: update only the item rows used in the step (sampled losses only)"},
        &c.sparse_adam);
  visit({"batch", "windows per training step", nn::at_least(1)}, &c.batch);
  visit({"batch-parts", "run each batch in N parts, one after the other, to save memory", nn::at_least(1)},
        &c.batch_parts);
  nn::visit_choice(visit,
                   {"windows", "train on all windows of a user's training part, or only on the last window"},
                   c.windows, {{"all", WindowChoice::All}, {"last", WindowChoice::Last}});
  visit({"max-epochs", "maximum number of epochs", nn::at_least(1)}, &c.max_epochs);
  visit({"steps-per-epoch", "steps per epoch, after which it is validated; 0: an epoch is every window once",
         nn::at_least(0)},
        &c.steps_per_epoch);
  visit({"patience", "stop after N epochs without a better validation NDCG@10; 0: never", nn::at_least(0)},
        &c.patience);
  visit(users, &c.validation_users);
}

void check(const RecommenderConfig& c) {
  c.model->check();
  const auto needs = [](const char* field, bool given, bool has_meaning, const char* needed) {
    INPUT_CHECK(has_meaning || !given, field, ": has no effect without ", needed);
  };
  const char* sampled = "a sampled loss: bce, gbce or sampled_softmax";
  const models::LossConfig usual;
  needs("negatives", c.loss.negatives != usual.negatives, c.loss.samples(), sampled);
  needs("gbce-t", c.loss.gbce_t != usual.gbce_t, c.loss.kind == models::RecommenderLoss::GBCE,
        "the loss gbce");
  needs("share-negatives", c.share_negatives, c.loss.samples(), sampled);
  needs("lazy-adam", c.sparse_adam, c.loss.samples(), sampled);
  needs("lazy-adam", c.sparse_adam, c.model->is_causal(), "a model that predicts the next item");
  needs("lazy-adam", c.sparse_adam, c.model->tie_embeddings, "tied embeddings");
  needs("lazy-adam", c.sparse_adam, c.model->use == models::ItemsUse::Init,
        "a trainable item table: use = start");
}

Tensor item_table(const Recommender& recommender) {
  for (const auto& [name, tensor] : recommender.model->named_parameters()) {
    if (name == "item_embedding.weight") return tensor.detach();
  }
  throw ag::Error("item_table: this recommender has none");
}

std::unique_ptr<models::TrainableRecommender> make_recommender(int64_t items,
                                                               const RecommenderConfig& config) {
  auto made = make_model(items, config);
  auto* trainable = dynamic_cast<models::TrainableRecommender*>(made.get());
  AG_CHECK(trainable, "make_recommender: this model is counted, not trained");
  trainable->move_to(config.device);
  made.release();
  return std::unique_ptr<models::TrainableRecommender>(trainable);
}

void write_recommender(const nn::Path& file, const models::SequentialRecommender& model,
                       nn::Metadata metadata) {
  metadata[kArchitecture] = models::architecture_text(model.config());
  nn::write_safetensors(file, model.named_parameters(), metadata);
}

std::unique_ptr<models::SequentialRecommender> load_recommender(const nn::TensorFile& file, int64_t items,
                                                                RecommenderConfig config) {
  if (const Tensor* features = file.find("item_embedding.features")) {
    INPUT_CHECK(features->rank() == 2, file.path, ": item_embedding.features has shape ", features->shape(),
                "; expected a matrix");
    config.model->features = features->dim(1);
  }
  auto model = make_model(items, config);
  check_architecture(file, model->config());
  model->load(file.tensors, file.path);
  model->move_to(config.device);
  return model;
}

int64_t check_training_memory(const Interactions& data, const RecommenderConfig& config, int64_t besides) {
  if (config.model.as<models::PopularityConfig>()) return besides;  // it only counts
  std::vector<int64_t> lengths;
  MeasuredMemory memory(config.device, "batch",
                        ag::message("training a recommender of ", data.items(), " items"));
  memory.measure([&] {
    const auto model = make_recommender(data.items(), config);
    Training training(*model, data, config);
    lengths = training.window_lengths();
    // Up to this many tokens, the block of logits grows with the batch.
    const int64_t enough = std::max(kFewTokens, ag::linear_cross_entropy_block(kManyTokens, data.items()));
    memory.batches(std::min(std::ssize(lengths), config.batch), enough,
                   [&](int64_t n) { return training.run_batch(n); });
    if (config.patience == 0) return;
    memory.other([&] { evaluate(*model, data, Target::Validation, {.users = kUsersRankedTogether}); });
  });
  const auto tokens_of = [&](int64_t batch) {
    return most_tokens(lengths, (batch + config.batch_parts - 1) / config.batch_parts);
  };
  return memory.check_batches(config.batch, tokens_of, besides);
}

int64_t trainings_side_by_side(const Interactions& data, const RecommenderConfig& config, int64_t wanted,
                               int64_t besides) {
  const int64_t each = check_training_memory(data, config, besides);
  if (config.device == ag::Device::CUDA) return 1;
  return std::clamp<int64_t>(available_memory(config.device) / std::max<int64_t>(1, each), 1, wanted);
}

std::string training_text(const Interactions& data, const RecommenderConfig& config) {
  const std::vector<Window> windows = training_windows(data, config.model->window_length(), config.windows);
  int64_t positions = 0;
  for (const Window& w : windows) positions += w.length;
  return fmt::format("{}, {}; {} per epoch, {}{}", counted(std::ssize(windows), "window"),
                     counted(positions, "position"),
                     counted(steps_of_epoch(std::ssize(windows), config), "step"),
                     config.patience ? "at most " : "", counted(config.max_epochs, "epoch"));
}

Recommender pretrain_teacher(const Interactions& data, const RecommenderConfig& config, const Task& task) {
  task.announce(training_text(data, config));
  return train_from({}, data, config, task);
}

Recommender train_from(const Tensor& start, const Interactions& data, const RecommenderConfig& config,
                       const Task& task, const ExtraLoss& extra) {
  if (const auto* popularity = config.model.as<models::PopularityConfig>())
    return count_popularity(data, *popularity, task);
  RecommenderConfig with_features = config;
  if (start.defined()) with_features.model->features = start.dim(1);
  check(with_features);
  auto model = make_recommender(data.items(), with_features);
  if (start.defined()) model->input_embeddings().set(start);
  Recommender recommender = Training(*model, data, config, extra).run(task);
  recommender.model = std::move(model);
  return recommender;
}

}  // namespace p2rec
