#include "p2rec/methods/p2rec/reconstruction.h"

#include <fmt/format.h>

#include <numeric>

#include "autograd/ops.h"

namespace p2rec {
namespace {

using ag::Tensor;

// Rows of a matrix, without history.
Tensor rows_of(const Tensor& matrix, std::span<const int64_t> users) {
  Tensor rows = Tensor::empty({std::ssize(users), matrix.dim(1)});
  for (int64_t i = 0; i < std::ssize(users); ++i) {
    const int64_t user = users[static_cast<size_t>(i)];
    rows.rows(i, i + 1).copy_from(matrix.rows(user, user + 1));
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

struct UserSplit {
  std::vector<int64_t> users, heldout;
  int64_t tokens = 0;  // of the users' prompts
};

UserSplit split_users(const Prompts& prompts, const Interactions& data) {
  UserSplit split;
  for (int64_t u = 0; u < data.users(); ++u) {
    const Sequence items = training_part(data, u);
    if (items.empty()) continue;
    if (held_out(data.user_ids[static_cast<size_t>(u)])) {
      split.heldout.push_back(u);
    } else {
      split.users.push_back(u);
      split.tokens += std::ssize(prompts.of(items));
    }
  }
  INPUT_CHECK(!split.users.empty() && !split.heldout.empty(), data.source, ": ", split.users.size(),
              " users to train on and ", split.heldout.size(),
              " held out; hint: the reconstruction needs some dozen users");
  return split;
}

// The head begins at the mean preference (K).
PreferenceModel untrained_model(const models::Llama& llm, const Prompts& prompts, const Tensor& mean,
                                uint64_t seed) {
  const int64_t K = mean.numel();
  PreferenceModel model{
      {llm}, Tensor::full({K, llm.config().hidden}, 0, llm.device()), mean.to(llm.device()).clone()};
  model.head_weight.set_requires_grad();
  model.head_bias.set_requires_grad();
  if (prompts.has_item_tokens())
    model.reader.item_tokens = initial_item_tokens(llm, prompts.items(), seed).set_requires_grad();
  return model;
}

std::vector<nn::Adam::Group> trained_besides_lora(const PreferenceModel& model,
                                                  const ReconstructionConfig& config) {
  std::vector<nn::Adam::Group> groups{
      {{{"head.weight", model.head_weight}, {"head.bias", model.head_bias}}, config.finetune.lr}};
  if (model.reader.item_tokens.defined())
    groups.push_back({{{"item_tokens", model.reader.item_tokens}}, config.item_lr});
  return groups;
}

}  // namespace

void describe(ReconstructionConfig& config, const nn::Visit& visit) {
  describe(config.finetune, visit);
  visit({"sft-item-lr", "learning rate of the new item tokens", nn::kPositive}, &config.item_lr);
}

Reconstruction reconstruct(models::Llama& llm, const Prompts& prompts, const Interactions& data,
                           const Tensor& preferences, const ReconstructionConfig& config, const Task& task) {
  const UserSplit split = split_users(prompts, data);
  const Tensor targets = rows_of(preferences, split.users), mean = mean_row(targets);
  const double mean_error = mean_squared_distance(targets, mean);
  INPUT_CHECK(mean_error > 0, data.source,
              ": all users have the same preference, so there is nothing to learn; "
              "hint: another number of groups");
  const PreferenceModel model = untrained_model(llm, prompts, mean, config.finetune.seed);

  // The mean squared error of predicted preferences.
  const auto loss = [&](std::span<const int64_t> batch, const Part& part,
                        const nn::DropoutContext& dropout) -> PartLoss {
    const std::span<const int64_t> users = part.of(batch);
    std::vector<std::vector<int32_t>> texts;
    for (const int64_t user : users) texts.push_back(prompts.of(training_part(data, user)));
    const Tensor predicted =
        ag::linear(prompt_states(model.reader, texts, dropout), model.head_weight, model.head_bias);
    return {ag::mse(predicted, rows_of(preferences, users).to(predicted.device())), std::ssize(users),
            std::ssize(batch)};
  };

  task.announce(fmt::format("{} users, {} held out, {} tokens an epoch, {} epochs", split.users.size(),
                            split.heldout.size(), split.tokens, config.finetune.epochs));
  const FinetuneLosses losses = finetune(llm, config.finetune,
                                         {.examples = split.users,
                                          .heldout = split.heldout,
                                          .trained = trained_besides_lora(model, config),
                                          .loss_scale = 1 / mean_error,
                                          .loss = loss},
                                         task);
  task.finish(fmt::format("held-out loss {:.5f}", losses.heldout));
  return {model, losses, split.tokens * config.finetune.epochs};
}

}  // namespace p2rec
