#include "p2rec/train_recommender.h"

#include <fmt/format.h>

#include <algorithm>

#include "nn/optim.h"

namespace p2rec {
namespace {

using ag::Tensor;

// Sites of randomness beside those of the model's layers.
constexpr uint32_t kOrderSite = 1'000'000, kNegativeSite = 1'000'001;

// A negative is drawn evenly from the items that the user has not taken in training.
int32_t draw_negative(const std::vector<int32_t>& sorted_items, int64_t items, ag::RandomKey key,
                      int64_t element) {
  constexpr int64_t kTries = 64;  // each fails with the share of the catalogue that the user has taken
  for (int64_t i = 0; i < kTries; ++i) {
    const auto item = static_cast<int32_t>(
        ag::random_below(key, static_cast<uint64_t>(element * kTries + i), static_cast<uint32_t>(items)));
    if (!std::binary_search(sorted_items.begin(), sorted_items.end(), item)) return item;
  }
  throw ag::Error("negative sampling: a user has taken nearly all items; hint: --loss ce needs no negatives");
}

Tensor draw_negatives(const std::vector<Window>& windows, std::span<const int32_t> chosen,
                      const Interactions& data, int64_t positions, const ag::RandomKey& key) {
  Tensor negatives = Tensor::empty({positions, 1}, ag::DType::I32);
  int64_t at = 0;
  for (int32_t w : chosen) {
    const Window& window = windows[static_cast<size_t>(w)];
    const Sequence part = training_part(data, window.user);
    std::vector<int32_t> taken(part.begin(), part.end());
    std::sort(taken.begin(), taken.end());
    for (int64_t i = 0; i + 1 < window.length; ++i, ++at)
      negatives.ints()[at] = draw_negative(taken, data.items(), key, at);
  }
  return negatives;
}

models::SequenceBatch make_batch(const models::SequentialRecommender& model,
                                 const std::vector<Window>& windows, std::span<const int32_t> chosen,
                                 const Interactions& data) {
  std::vector<std::vector<int32_t>> inputs;
  std::vector<int32_t> targets;
  for (int32_t w : chosen) {
    const Window& window = windows[static_cast<size_t>(w)];
    const Sequence items =
        training_part(data, window.user)
            .subspan(static_cast<size_t>(window.begin), static_cast<size_t>(window.length));
    inputs.emplace_back(items.begin(), items.end() - 1);
    targets.insert(targets.end(), items.begin() + 1, items.end());
  }
  return {model.pack(inputs), Tensor::from_ints(targets), {}};
}

// What early stopping remembers.
struct Best {
  double ndcg = -1;
  int64_t epoch = 0;
  nn::NamedTensors weights;
};

nn::NamedTensors copy_of(const nn::NamedTensors& tensors) {
  nn::NamedTensors copy;
  for (const auto& [name, tensor] : tensors) copy.emplace_back(name, tensor.clone());
  return copy;
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
  Training(models::SequentialRecommender& model, const Interactions& data, const RecommenderConfig& config,
           const Task& task)
      : model_(model),
        data_(data),
        config_(config),
        task_(task),
        windows_(training_windows(data, config.model.max_length)),
        adam_(model.named_parameters(), {.lr = config.lr, .decoupled = false}) {
    INPUT_CHECK(!windows_.empty(), data.source,
                ": nobody has two interactions to train on; hint: leave-one-out keeps the last ",
                "two of each user for validation and test");
    for (const Window& w : windows_) positions_ += w.length - 1;
  }

  void run() {
    if (const auto saved = task_.resume()) restore(*saved);
    task_.announce(fmt::format("{} windows, {} positions an epoch, at most {} epochs", windows_.size(),
                               positions_, config_.max_epochs));
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
  int64_t tokens() const { return positions_ * epoch_; }

 private:
  bool out_of_patience() const { return config_.patience > 0 && epoch_ - best_.epoch >= config_.patience; }

  void train_epoch() {
    const auto count = static_cast<int32_t>(windows_.size());
    const std::vector<int32_t> order =
        ag::random_permutation({config_.seed, static_cast<uint32_t>(epoch_), kOrderSite}, count);
    double total = 0;
    int64_t steps = 0;
    for (size_t begin = 0; begin < order.size(); begin += static_cast<size_t>(config_.batch), ++steps) {
      const size_t size = std::min(static_cast<size_t>(config_.batch), order.size() - begin);
      total += train_step({order.data() + begin, size});
    }
    last_loss_ = total / static_cast<double>(steps);
  }

  double train_step(std::span<const int32_t> chosen) {
    const auto step = static_cast<uint32_t>(adam_.steps());
    models::SequenceBatch batch = make_batch(model_, windows_, chosen, data_);
    batch.input.noise = {config_.seed, step, true};
    if (config_.model.loss == models::RecommenderLoss::BCE) {
      batch.negatives =
          draw_negatives(windows_, chosen, data_, batch.targets.numel(), {config_.seed, step, kNegativeSite});
    }
    adam_.zero_grad();
    const Tensor loss = model_.loss(batch);
    ag::backward(loss);
    adam_.step();
    task_.log(step, {{"loss", loss.item()}, {"lr", config_.lr}});
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
                {"best_ndcg", fmt::format("{:.17g}", best_.ndcg)},
                {"last_loss", fmt::format("{:.17g}", last_loss_)}});
  }

  void restore(const nn::TensorFile& saved) {
    model_.load(with_prefix(saved, "model."), saved.path);
    nn::TensorFile moments{with_prefix(saved, "adam."), {}, saved.path};
    adam_.load_state(moments);
    epoch_ = std::stoll(saved.metadata.at("epoch"));
    last_loss_ = std::stod(saved.metadata.at("last_loss"));
    best_ = {std::stod(saved.metadata.at("best_ndcg")), std::stoll(saved.metadata.at("best_epoch")),
             with_prefix(saved, "best.")};
  }

  models::SequentialRecommender& model_;
  const Interactions& data_;
  const RecommenderConfig& config_;
  const Task& task_;
  std::vector<Window> windows_;
  int64_t positions_ = 0;
  nn::Adam adam_;
  int64_t epoch_ = 0;
  double last_loss_ = 0;
  Best best_;
};

}  // namespace

std::unique_ptr<models::SequentialRecommender> make_recommender(int64_t items,
                                                                const RecommenderConfig& config) {
  models::SasrecConfig model = config.model;
  model.items = items;
  return std::make_unique<models::Sasrec>(model, config.seed);
}

Recommender pretrain_teacher(const Interactions& data, const RecommenderConfig& config, const Task& task) {
  return train_from({}, data, config, task);
}

Recommender train_from(const Tensor& start, const Interactions& data, const RecommenderConfig& config,
                       const Task& task) {
  Recommender result{make_recommender(data.items(), config), 0, 0, 0};
  if (start.defined()) result.model->item_table().copy_from(start);
  Training training(*result.model, data, config, task);
  training.run();
  result.epochs = training.epochs();
  result.best_epoch = training.best_epoch();
  result.tokens = training.tokens();
  return result;
}

std::vector<Window> training_windows(const Interactions& data, int64_t max_length) {
  std::vector<Window> windows;
  for (int64_t u = 0; u < data.users(); ++u) {
    const auto length = static_cast<int64_t>(training_part(data, u).size());
    for (int64_t begin = 0; begin + 1 < length; begin += max_length) {
      windows.push_back({u, begin, std::min(max_length + 1, length - begin)});
    }
  }
  return windows;
}

}  // namespace p2rec
