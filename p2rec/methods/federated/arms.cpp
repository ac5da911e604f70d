#include "p2rec/methods/federated/arms.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace p2rec {
namespace {

using ag::Tensor;

// The federation of a model that has LoRA already.
Federation federation_on(const models::Llama& llm, const FederatedTask& task, const FederateConfig& config) {
  const MeanPreference mean = mean_preference(task.data, task.preferences, task.split.users);
  const PreferenceModel model = untrained_model(llm, task.prompts, mean.mean, config.rounds.seed);
  ReconstructionConfig rates;
  rates.finetune.lr = config.rounds.lr;
  rates.item_lr = config.rounds.item_lr;
  Finetuning loss = user_level(model, task.prompts, task.data, task.preferences, task.split, rates);
  Federation federation{.trained = {{nn::lora_parameters(llm), config.rounds.lr}},
                        .shards = task.shards,
                        .heldout = task.split.heldout,
                        .loss_scale = 1 / mean.error,
                        .loss = std::move(loss.loss)};
  federation.trained.insert(federation.trained.end(), loss.trained.begin(), loss.trained.end());
  return federation;
}

Federation federation_on_whole(const FederatedTask& task, const FederateConfig& config) {
  nn::attach_lora(task.llm, config.lora);
  return federation_on(task.llm, task, config);
}

ArmOutcome run_federated(const Federation& federation, const RoundsConfig& rounds, Averaging averaging,
                         const Task& progress) {
  ArmOutcome outcome;
  outcome.history = run_rounds(federation, rounds, averaging, progress);
  outcome.trained = tensors_of(federation);
  outcome.errors = losses_of(federation, federation.heldout, progress.ranks());
  outcome.bytes_per_round = bytes_per_round(federation, rounds);
  return outcome;
}

ArmOutcome run_central(const FederatedTask& task, const FederateConfig& config, const Task& progress) {
  Federation federation = federation_on_whole(task, config);
  RoundsConfig rounds = config.rounds;
  rounds.local_batch *= rounds.sampled > 0 ? rounds.sampled : std::ssize(task.shards);
  rounds.sampled = 0;
  federation.shards = {task.split.users};
  ArmOutcome outcome = run_federated(federation, rounds, Averaging::Factors, progress);
  outcome.bytes_per_round = 0;
  return outcome;
}

// Each rank trains one client at a time. Adds up the errors of the clients' models in `real`, as a checkpoint
// stores them.
ArmOutcome run_local(const FederatedTask& task, const FederateConfig& config, const Task& progress) {
  const Federation all = federation_on_whole(task, config);
  nn::NamedTensors start;
  for (const auto& [name, x] : tensors_of(all)) start.emplace_back(name, x.clone());
  Federation one = all;
  one.heldout.clear();  // measured only at the end
  RoundsConfig rounds = config.rounds;
  rounds.sampled = 0;
  std::vector<double> errors(all.heldout.size(), 0);
  int64_t client = 0;
  const auto visit = [&](Checkpoint& checkpoint) {
    checkpoint.list("errors", errors);
    checkpoint.number("client", client);
  };
  if (const auto saved = progress.resume()) {
    Checkpoint checkpoint(*saved);
    visit(checkpoint);
  }
  const auto clients = std::ssize(all.shards), users = std::ssize(all.heldout);
  const ag::Communicator& ranks = progress.ranks();
  while (client < clients) {
    std::vector<double> own;  // of this rank's client, if there is one
    const int64_t mine = client + ranks.rank(), n = mine < clients ? 1 : 0;
    if (n > 0) {
      plug_in(start, tensors_of(all));
      one.shards = {all.shards[static_cast<size_t>(mine)]};
      run_rounds(one, rounds, Averaging::Factors);
      own = losses_of(all, all.heldout);
    }
    const Tensor found = ranks.all_gather(Tensor::from({n, users}, own));
    for (int64_t row = 0; row < found.dim(0); ++row, ++client) {
      const double share =
          double(all.shards[static_cast<size_t>(client)].size()) / double(task.split.users.size());
      for (size_t i = 0; i < errors.size(); ++i)
        errors[i] = static_cast<ag::real>(errors[i] + share * found.rows(row, row + 1).data()[i]);
    }
    if (progress.progress(double(client) / double(clients)))
      progress.show(fmt::format("client {} of {}", client, clients));
    if (progress.save_due()) {
      Checkpoint checkpoint;
      visit(checkpoint);
      checkpoint.write(progress, client);
    }
    progress.check_stop();
  }
  return {.errors = errors};
}

int64_t bytes_of(const models::Llama& model) {
  int64_t numbers = 0;
  for (const auto& [name, x] : model.named_parameters()) numbers += x.numel();
  return numbers * kBytesPerNumber;
}

ArmOutcome run_offsite(const FederatedTask& task, const FederateConfig& config, const Task& progress) {
  nn::detach_lora(task.llm);
  const auto emulator = emulator_of(task.llm, emulator_layers(task.llm.config().layers, config.offsite));
  const int64_t before = std::ssize(task.shards) * bytes_of(*emulator);
  attach_lora_to_ends(*emulator, config.lora, config.offsite.ends);
  const Federation federation = federation_on(*emulator, task, config);
  ArmOutcome outcome = run_federated(federation, config.rounds, Averaging::Factors, progress);
  outcome.bytes_before = before;
  attach_lora_to_ends(task.llm, config.lora, config.offsite.ends);
  const Federation whole = federation_on(task.llm, task, config);
  plug_in(tensors_of(federation), tensors_of(whole));
  outcome.errors = losses_of(whole, whole.heldout, progress.ranks());
  outcome.trained = tensors_of(whole);
  return outcome;
}

}  // namespace

const std::vector<FederatedArm>& federated_arms() {
  static const std::vector<FederatedArm> arms = {
      {"central", "one client has all users: an upper bound"},
      {"local", "each client trains by itself, and nothing travels: a lower bound"},
      {"fedavg", "the clients' LoRA matrices A and B are averaged apart"},
      {"flexlora", "the products B A are averaged, and factored again by their singular values"},
      {"offsite", "fedavg, but the clients have only an emulator with fewer layers"}};
  return arms;
}

void describe(FederateConfig& c, const nn::Visit& visit) {
  visit({"clients", "number of clients", nn::at_least(1)}, &c.clients);
  nn::visit_choice(visit,
                   {"partition",
                    "users over clients: even (alike), or by a Dirichlet distribution for each "
                    "group of items that users prefer most (unlike)"},
                   c.partition, {{"even", Partition::Even}, {"dirichlet", Partition::Dirichlet}});
  visit({"dirichlet-alpha", "its parameter; the smaller, the less alike are the clients", nn::kPositive},
        &c.dirichlet_alpha);
  describe(c.rounds, visit);
  visit({"lora-rank", "rank of the LoRA matrices", nn::between(1, 4096)}, &c.lora.rank);
  visit({"lora-alpha", "LoRA's output is scaled by alpha / rank", nn::kPositive}, &c.lora.alpha);
  visit({"lora-dropout", "dropout on LoRA's input", nn::kShare}, &c.lora.dropout);
  visit({"offsite-ends", "layers at each end that offsite-tuning trains", nn::at_least(1)}, &c.offsite.ends);
  visit({"offsite-drop", "share of the middle layers that its emulator lacks", nn::between(0, 1)},
        &c.offsite.drop);
  std::vector<std::string> names;
  for (const FederatedArm& arm : federated_arms()) names.emplace_back(arm.name);
  visit({"arms", "trainings to compare, separated by commas", nn::kAny, names}, &c.arms);
}

Shards shards_of(const UserSplit& split, const Tensor& preferences, const FederateConfig& config) {
  if (config.partition == Partition::Even)
    return even_shards(split.users, config.clients, config.rounds.seed);
  std::vector<int32_t> groups;
  for (const int64_t user : split.users) {
    const ag::real* own = preferences.data() + user * preferences.dim(1);
    groups.push_back(static_cast<int32_t>(std::max_element(own, own + preferences.dim(1)) - own));
  }
  return dirichlet_shards(split.users, groups, config.clients, config.dirichlet_alpha, config.rounds.seed);
}

ArmOutcome run_arm(const std::string& arm, const FederatedTask& task, const FederateConfig& config,
                   const Task& progress) {
  if (arm == "central") return run_central(task, config, progress);
  if (arm == "local") return run_local(task, config, progress);
  if (arm == "offsite") return run_offsite(task, config, progress);
  const Averaging averaging = arm == "flexlora" ? Averaging::Products : Averaging::Factors;
  return run_federated(federation_on_whole(task, config), config.rounds, averaging, progress);
}

}  // namespace p2rec
