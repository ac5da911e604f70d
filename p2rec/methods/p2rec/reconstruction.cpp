#include "p2rec/methods/p2rec/reconstruction.h"

#include <fmt/format.h>

#include <numeric>

#include "autograd/ops.h"

namespace p2rec {
namespace {

using ag::Tensor;

// Copies rows of a matrix; the tape does not record it.
Tensor rows_of(const Tensor& matrix, std::span<const int64_t> users) {
  Tensor rows = Tensor::empty({std::ssize(users), matrix.dim(1)});
  for (int64_t i = 0; i < std::ssize(users); ++i) {
    const int64_t user = users[static_cast<size_t>(i)];
    rows.rows(i, i + 1).copy_from(matrix.rows(user, user + 1));
  }
  return rows;
}

}  // namespace

void describe(ReconstructionConfig& config, const nn::Visit& visit) {
  describe(config.finetune, visit);
  visit({"sft-item-lr", "learning rate of the new item tokens", nn::kPositive}, &config.item_lr);
  describe(config.loss, visit);
}

PreferenceModel untrained_model(const models::Llama& llm, const Prompts& prompts, const Tensor& mean,
                                uint64_t seed, PreferenceHead head) {
  const int64_t K = mean.numel();
  PreferenceModel model{{llm},
                        Tensor::full({K, llm.config().hidden}, 0, llm.device()),
                        output_for(mean, head).to(llm.device()),
                        head};
  model.head_weight.set_requires_grad();
  model.head_bias.set_requires_grad();
  if (prompts.has_item_tokens())
    model.reader.item_tokens = initial_item_tokens(llm, prompts.items(), seed).set_requires_grad();
  return model;
}

Tensor predicted_preference(const PreferenceModel& model, const std::vector<int32_t>& prompt) {
  const ag::NoGrad no_grad;
  const Tensor state = prompt_states(model.reader, nn::pack({prompt}));
  return predicted_from(ag::linear(state, model.head_weight, model.head_bias), model.head)
      .to(ag::Device::CPU);
}

UserSplit split_users(const Interactions& data) {
  UserSplit split;
  for (int64_t u = 0; u < data.users(); ++u) {
    if (training_part(data, u).empty()) continue;
    (held_out(data.user_ids[static_cast<size_t>(u)]) ? split.heldout : split.users).push_back(u);
  }
  return split;
}

UserSplit checked_split(const Interactions& data) {
  UserSplit split = split_users(data);
  INPUT_CHECK(!split.users.empty() && !split.heldout.empty(), data.source, ": found ", split.users.size(),
              " training users and ", split.heldout.size(),
              " held-out users; expected at least one of each; hint: use data with dozens of users");
  return split;
}

MeanPreference mean_preference(const Interactions& data, const Tensor& preferences,
                               std::span<const int64_t> users, const PreferenceLoss& loss) {
  const Tensor targets = rows_of(preferences, users),
               mean = ag::scale(ag::sum_rows(targets), 1.0 / static_cast<double>(targets.dim(0)));
  const auto error_by = [&](const PreferenceLoss& by) {
    const Tensor z = ag::add_row(Tensor::zeros(targets.shape()), output_for(mean, by.head));
    return static_cast<double>(preference_loss(by, z, targets).item());
  };
  INPUT_CHECK(error_by({}) > 0, data.source,
              ": all users have the same preference, so there is nothing to learn; "
              "hint: try another number of groups");
  return {mean, error_by(loss)};
}

double error_of_mean(const Interactions& data, const Tensor& preferences, const UserSplit& split) {
  const Tensor mean = mean_preference(data, preferences, split.users).mean;
  double sum = 0;
  for (const int64_t user : split.heldout)
    sum += ag::mse(preferences.rows(user, user + 1).view(mean.shape()), mean).item();
  return sum / static_cast<double>(split.heldout.size());
}

Finetuning user_level(const PreferenceModel& model, const Prompts& prompts, const Interactions& data,
                      const Tensor& preferences, const UserSplit& split, const ReconstructionConfig& config) {
  Finetuning result{.examples = split.users, .lengths = {}, .heldout = split.heldout};
  for (const int64_t u : split.users)
    result.lengths.push_back(std::ssize(prompts.of(training_part(data, u))));
  result.trained.push_back(
      {{{"head.weight", model.head_weight}, {"head.bias", model.head_bias}}, config.finetune.lr});
  if (model.reader.item_tokens.defined())
    result.trained.push_back({{{"item_tokens", model.reader.item_tokens}}, config.item_lr});
  const auto loss_by = [=, &prompts, &data](const PreferenceLoss& loss, std::span<const int64_t> batch,
                                            const BatchPart& part,
                                            const nn::DropoutContext& dropout) -> PartLoss {
    std::vector<std::vector<int32_t>> texts;
    for (const int64_t user : batch) texts.push_back(prompts.of(training_part(data, user)));
    nn::Packed x = nn::pack(texts);
    x.dropout = dropout;
    const std::span<const int64_t> users = part.of(batch);
    const int64_t B = std::ssize(batch);
    const Tensor states = prompt_states(model.reader, nn::part(x, part.begin(B), part.end(B))),
                 z = ag::linear(states, model.head_weight, model.head_bias);
    return {preference_loss(loss, z, rows_of(preferences, users).to(z.device())), std::ssize(users), B};
  };
  result.loss = [=](std::span<const int64_t> batch, const BatchPart& part,
                    const nn::DropoutContext& dropout) { return loss_by(config.loss, batch, part, dropout); };
  result.heldout_loss = [=, head = config.loss.head](std::span<const int64_t> batch) {
    return loss_by({PreferenceLossKind::SquaredError, head}, batch, {}, {});
  };
  return result;
}

Reconstruction reconstruct(models::Llama& llm, const Prompts& prompts, const Interactions& data,
                           const Tensor& preferences, const ReconstructionConfig& config, const Task& task) {
  const UserSplit split = checked_split(data);
  const MeanPreference mean = mean_preference(data, preferences, split.users, config.loss);
  const PreferenceModel model =
      untrained_model(llm, prompts, mean.mean, config.finetune.seed, config.loss.head);
  Finetuning finetuning = user_level(model, prompts, data, preferences, split, config);
  finetuning.loss_scale = 1 / mean.error;
  const int64_t tokens = std::reduce(finetuning.lengths.begin(), finetuning.lengths.end());
  task.announce(fmt::format("{}, {} held out, {} per epoch, {}", counted(std::ssize(split.users), "user"),
                            split.heldout.size(), counted(tokens, "token"),
                            counted(config.finetune.epochs, "epoch")));
  const FinetuneLosses losses = finetune(llm, config.finetune, finetuning, task);
  task.finish(fmt::format("held-out loss {:.5f}", losses.heldout));
  return {model, losses, tokens * config.finetune.epochs};
}

int64_t check_reconstruction_memory(models::Llama& llm, const Prompts& prompts, const Interactions& data,
                                    const ReconstructionConfig& config) {
  const Tensor preferences = Tensor::zeros({data.users(), 1});
  const PreferenceModel model =
      untrained_model(llm, prompts, Tensor::zeros({1}), config.finetune.seed, config.loss.head);
  return check_finetuning_memory(llm, config.finetune,
                                 user_level(model, prompts, data, preferences, checked_split(data), config));
}

}  // namespace p2rec
