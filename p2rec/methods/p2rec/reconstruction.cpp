#include "p2rec/methods/p2rec/reconstruction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "nn/init.h"
#include "nn/optim.h"
#include "nn/system/memory.h"
#include "p2rec/run/memory_estimate.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr uint32_t kUserOrderStream = 2'000'000;
constexpr double kWarmupShare = 0.1;
constexpr int64_t kFirstSteps = 20;

// Rows of a matrix, without history.
Tensor rows_of(const Tensor& matrix, const std::vector<int64_t>& users) {
  const int64_t K = matrix.dim(1);
  Tensor rows = Tensor::empty({static_cast<int64_t>(users.size()), K});
  for (size_t i = 0; i < users.size(); ++i) {
    rows.rows(static_cast<int64_t>(i), static_cast<int64_t>(i) + 1)
        .copy_from(matrix.rows(users[i], users[i] + 1));
  }
  return rows;
}

Tensor mean_row(const Tensor& rows) {
  Tensor mean = ag::sum_rows(rows);
  return ag::scale(mean, 1.0 / static_cast<double>(rows.dim(0)));
}

double mean_squared_distance(const Tensor& rows, const Tensor& row) {
  return ag::mse(ag::add_row(Tensor::zeros(rows.shape()), row), rows).item();
}

// Who trains and who is held out.
struct Split {
  std::vector<int64_t> users, heldout;
  std::vector<int64_t> lengths;  // of the users' prompts, in tokens
};

Split split_users(const Prompts& prompts, const Interactions& data) {
  Split split;
  for (int64_t u = 0; u < data.users(); ++u) {
    const Sequence items = training_part(data, u);
    if (items.empty()) continue;
    if (held_out(data.user_ids[static_cast<size_t>(u)])) {
      split.heldout.push_back(u);
    } else {
      split.users.push_back(u);
      split.lengths.push_back(static_cast<int64_t>(prompts.of(items).size()));
    }
  }
  INPUT_CHECK(!split.users.empty() && !split.heldout.empty(), data.source, ": ", split.users.size(),
              " users to train on and ", split.heldout.size(),
              " held out; hint: the reconstruction needs some dozen users");
  return split;
}

class FineTuning {
 public:
  FineTuning(models::Llama& model, const Prompts& prompts, const Interactions& data, const Split& split,
             const Tensor& preferences, const SftConfig& config, const Task& task)
      : prompts_(prompts),
        data_(data),
        preferences_(preferences),
        config_(config),
        task_(task),
        memory_(check_fine_tuning_memory(model.config(), config,
                                         prompts.has_item_tokens() ? prompts.items() : 0, preferences.dim(1),
                                         split.lengths, kUserOrderStream)),
        adam_(make_optimiser(model)),
        users_(split.users),
        heldout_(split.heldout),
        tokens_an_epoch_(std::accumulate(split.lengths.begin(), split.lengths.end(), int64_t{0})) {
    const Tensor targets = rows_of(preferences_, users_), mean = mean_row(targets);
    parser_.head_bias.copy_from(mean);
    mean_error_ = mean_squared_distance(targets, mean);
    INPUT_CHECK(mean_error_ > 0, data.source,
                ": all users have the same preference, so there is nothing to learn; hint: --groups");
    steps_an_epoch_ = (static_cast<int64_t>(users_.size()) + config.batch - 1) / config.batch;
  }

  Reconstruction run() {
    if (const auto saved = task_.resume()) restore(*saved);
    const int64_t total = steps_an_epoch_ * config_.epochs;
    const int64_t frozen = parser_.model->parameter_count() * static_cast<int64_t>(sizeof(ag::real));
    task_.announce(fmt::format("{} users, {} held out, {} tokens an epoch, {} epochs of {} steps, about {}",
                               users_.size(), heldout_.size(), tokens_an_epoch_, config_.epochs,
                               steps_an_epoch_, nn::memory_text(frozen + memory_)));
    for (int64_t step = static_cast<int64_t>(losses_.size()); step < total; ++step) {
      losses_.push_back(train_step(step, total));
      task_.progress(static_cast<double>(step + 1) / static_cast<double>(total),
                     fmt::format("epoch {} of {}, loss {:.5f}{}", step / steps_an_epoch_ + 1, config_.epochs,
                                 recent_loss(), heldout_text()));
      if ((step + 1) % steps_an_epoch_ == 0) measure_heldout(step);
      if (task_.save_due()) save(step);
      task_.check_stop();
    }
    Reconstruction result{parser_, mean_loss(0, std::min(kFirstSteps, total)),
                          mean_loss(total - steps_an_epoch_, total), 0, tokens_an_epoch_ * config_.epochs};
    result.heldout_loss = heldout_error_;
    task_.finish(fmt::format("held-out loss {:.5f}", result.heldout_loss));
    return result;
  }

 private:
  nn::Adam make_optimiser(models::Llama& model) {
    nn::attach_lora(model, config_.lora);
    parser_.model = &model;
    const int64_t K = preferences_.dim(1);
    parser_.head_weight = Tensor::full({K, model.config().hidden}, 0, model.device()).set_requires_grad();
    parser_.head_bias = Tensor::full({K}, 0, model.device()).set_requires_grad();
    nn::NamedTensors adapters = nn::lora_parameters(model), items;
    adapters.emplace_back("head.weight", parser_.head_weight);
    adapters.emplace_back("head.bias", parser_.head_bias);
    if (prompts_.has_item_tokens()) {
      parser_.item_tokens = initial_item_tokens(model, prompts_.items(), config_.seed).set_requires_grad();
      items.emplace_back("item_tokens", parser_.item_tokens);
    }
    trained_ = adapters;
    trained_.insert(trained_.end(), items.begin(), items.end());
    return nn::Adam({{adapters, config_.lr}, {items, config_.item_lr}}, {.weight_decay = 0});
  }

  // The mean squared error of the users' predicted preferences.
  Tensor error(const std::vector<int64_t>& users, const nn::DropoutContext& dropout) const {
    std::vector<std::vector<int32_t>> texts;
    for (int64_t u : users) texts.push_back(prompts_.of(training_part(data_, u)));
    const Tensor predicted =
        ag::linear(prompt_states(parser_, texts, dropout), parser_.head_weight, parser_.head_bias);
    return ag::mse(predicted, rows_of(preferences_, users).to(predicted.device()));
  }

  // The users of a step: the epoch's order is a function of the seed and the epoch alone.
  std::vector<int64_t> users_of(int64_t step) const {
    const auto epoch = static_cast<uint32_t>(step / steps_an_epoch_);
    const auto order =
        ag::random_permutation({config_.seed, epoch, kUserOrderStream}, static_cast<int32_t>(users_.size()));
    const int64_t begin = step % steps_an_epoch_ * config_.batch;
    std::vector<int64_t> chosen;
    for (int64_t i = begin; i < std::min(begin + config_.batch, static_cast<int64_t>(order.size())); ++i) {
      chosen.push_back(users_[static_cast<size_t>(order[static_cast<size_t>(i)])]);
    }
    return chosen;
  }

  double train_step(int64_t step, int64_t total) {
    const std::vector<int64_t> users = users_of(step);
    // The schedule counts from one: its first step would otherwise have the rate zero.
    const double factor = nn::schedule_factor(nn::Schedule::Cosine, step + 1,
                                              static_cast<int64_t>(kWarmupShare * double(total)), total + 1);
    adam_.zero_grad();
    const Tensor loss = error(users, {config_.seed, static_cast<uint32_t>(step), true});
    ag::backward(ag::scale(loss, 1 / mean_error_));
    nn::clip_grad_norm(adam_.parameters(), config_.clip);
    adam_.step(factor);
    task_.log(step, {{"loss", loss.item()}, {"lr", config_.lr * factor}});
    return loss.item();
  }

  double heldout_loss() const {
    const ag::NoGrad no_grad;
    double total = 0;
    for (size_t begin = 0; begin < heldout_.size(); begin += static_cast<size_t>(config_.batch)) {
      const size_t end = std::min(begin + static_cast<size_t>(config_.batch), heldout_.size());
      const std::vector<int64_t> users(heldout_.begin() + static_cast<std::ptrdiff_t>(begin),
                                       heldout_.begin() + static_cast<std::ptrdiff_t>(end));
      total += error(users, {}).item() * static_cast<double>(users.size());
    }
    return total / static_cast<double>(heldout_.size());
  }

  void measure_heldout(int64_t step) {
    heldout_error_ = heldout_loss();
    task_.log(step, {{"epoch", static_cast<double>((step + 1) / steps_an_epoch_)},
                     {"heldout_loss", heldout_error_}});
  }
  std::string heldout_text() const {
    return std::isnan(heldout_error_) ? "" : fmt::format(", held out {:.5f}", heldout_error_);
  }

  double mean_loss(int64_t begin, int64_t end) const {
    return std::accumulate(losses_.begin() + begin, losses_.begin() + end, 0.0) /
           static_cast<double>(std::max<int64_t>(1, end - begin));
  }
  double recent_loss() const {
    const auto count = static_cast<int64_t>(losses_.size());
    return mean_loss(std::max<int64_t>(0, count - 10), count);
  }

  void save(int64_t step) const {
    nn::NamedTensors state = trained_;
    for (const auto& [name, tensor] : adam_.state()) state.emplace_back("adam." + name, tensor);
    state.emplace_back("losses", Tensor::from({static_cast<int64_t>(losses_.size())}, losses_));
    task_.save(step, state, {{"heldout_loss", fmt::format("{}", heldout_error_)}});
  }

  void restore(const nn::TensorFile& saved) {
    nn::TensorFile moments{{}, {}, saved.path};
    for (const auto& [name, tensor] : saved.tensors) {
      if (name.starts_with("adam.")) moments.tensors.emplace_back(name.substr(5), tensor);
    }
    adam_.load_state(moments);
    for (const auto& [name, tensor] : trained_) Tensor(tensor).copy_from(saved.at(name));
    const std::vector<ag::real> losses = saved.at("losses").values();
    losses_.assign(losses.begin(), losses.end());
    heldout_error_ = std::stod(saved.metadata.at("heldout_loss"));
  }

  const Prompts& prompts_;
  const Interactions& data_;
  const Tensor& preferences_;
  const SftConfig& config_;
  const Task& task_;
  Parser parser_;
  nn::NamedTensors trained_;
  int64_t memory_;  // bytes, beside the frozen model
  nn::Adam adam_;
  std::vector<int64_t> users_, heldout_;
  int64_t tokens_an_epoch_, steps_an_epoch_ = 0;
  double mean_error_ = 0;
  std::vector<double> losses_;
  double heldout_error_ = std::numeric_limits<double>::quiet_NaN();  // as last measured, at an epoch's end
};

}  // namespace

bool held_out(const std::string& user_id) { return ag::random_below(nn::key_for(user_id, 0), 0, 10) == 0; }

Tensor initial_item_tokens(const models::Llama& model, int64_t items, uint64_t seed) {
  const Tensor table = model.token_table().to(ag::Device::CPU);
  double squares = 0;
  for (int64_t i = 0; i < table.numel(); ++i) squares += double(table.data()[i]) * double(table.data()[i]);
  Tensor tokens = Tensor::empty({items, table.dim(1)});
  nn::normal_(tokens, std::sqrt(squares / static_cast<double>(table.numel())),
              nn::key_for("item_tokens", seed));
  return tokens.to(model.device());
}

Reconstruction reconstruct(models::Llama& model, const Prompts& prompts, const Interactions& data,
                           const Tensor& preferences, const SftConfig& config, const Task& task) {
  return FineTuning(model, prompts, data, split_users(prompts, data), preferences, config, task).run();
}

Tensor embed_prompt(const Parser& parser, const Tensor& ids) {
  if (!parser.item_tokens.defined()) return parser.model->embed(ids);
  // Words from one table, items from the other; then `order` puts the rows back into the prompt's order.
  const auto vocabulary = static_cast<int32_t>(parser.model->config().vocabulary);
  std::vector<int32_t> words, items;
  for (int64_t i = 0; i < ids.numel(); ++i) {
    const int32_t id = ids.ints()[i];
    if (id < vocabulary) {
      words.push_back(id);
    } else {
      items.push_back(id - vocabulary);
    }
  }
  std::vector<int32_t> order;
  auto word = int32_t{0}, item = static_cast<int32_t>(words.size());
  for (int64_t i = 0; i < ids.numel(); ++i) order.push_back(ids.ints()[i] < vocabulary ? word++ : item++);
  const Tensor rows = ag::concat({parser.model->embed(Tensor::from_ints(words)),
                                  ag::embedding(parser.item_tokens, Tensor::from_ints(items))},
                                 0);
  return ag::embedding(rows, Tensor::from_ints(order));
}

Tensor prompt_states(const Parser& parser, const std::vector<std::vector<int32_t>>& prompts,
                     const nn::DropoutContext& dropout, const models::SharedPrefix* prefix) {
  nn::Packed x = nn::pack(prompts);
  x.dropout = dropout;
  if (prefix) {
    for (int64_t i = 0; i < x.positions.numel(); ++i)
      x.positions.ints()[i] += static_cast<int32_t>(prefix->length);
  }
  return ag::embedding(parser.model->hidden_states(embed_prompt(parser, x.ids), x, prefix),
                       x.offsets.last_rows());
}

}  // namespace p2rec
