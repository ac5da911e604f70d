// The trainings that a run compares. All start from the same weights and take the same number of steps.
//
//   central    one client has all users. Its batch has the examples that the sampled clients of a round read
//              together in one step, so it reads as many examples as they do
//   local      each client trains by itself and never sends anything. Its error is the mean over the clients'
//              models, weighted by examples
//   fedavg     LoRA's A and B are averaged apart
//   flexlora   the products B A are averaged
//   offsite    fedavg on an emulator; the error is that of the whole model with the trained adapter
#pragma once

#include <string>
#include <vector>

#include "p2rec/methods/federated/offsite_tuning.h"
#include "p2rec/methods/federated/rounds.h"
#include "p2rec/methods/p2rec/reconstruction.h"

namespace p2rec {

enum class Partition : uint8_t { Even, Dirichlet };

struct FederateConfig {
  int64_t clients = 8;
  Partition partition = Partition::Even;
  double dirichlet_alpha = 0.1;
  RoundsConfig rounds;
  nn::LoraConfig lora;
  OffsiteConfig offsite;
  std::vector<std::string> arms = {"central", "local", "fedavg", "flexlora", "offsite"};
};
void describe(FederateConfig& config, const nn::Visit& visit);

struct FederatedArm {
  const char *name, *meaning;
};
const std::vector<FederatedArm>& federated_arms();

// The task of the clients: to predict users' preferences (users,K) from prompts. One object serves all arms
// of a seed. The trained LoRA matrices stay in `llm`.
struct FederatedTask {
  models::Llama& llm;
  const Prompts& prompts;
  const Interactions& data;
  ag::Tensor preferences;
  UserSplit split;
  Shards shards;  // of split.users
};

// The clients' users, by config.partition.
Shards shards_of(const UserSplit& split, const ag::Tensor& preferences, const FederateConfig& config);

struct ArmOutcome {
  nn::NamedTensors trained = {};    // the server's last weights; none for `local`
  RoundHistory history = {};        // empty for `local`; of the emulator for `offsite`
  std::vector<double> errors = {};  // the last loss of each held-out user
  int64_t bytes_before = 0;         // that travel before the first round: the emulator to each client
  int64_t bytes_per_round = 0;
};

// Trains one arm. Saves and resumes.
ArmOutcome run_arm(const std::string& arm, const FederatedTask& task, const FederateConfig& config,
                   const Task& progress = {});

}  // namespace p2rec
