// The rounds of a federation (McMahan et al. 2017, FedAvg). In each round
//   1. the server sends its weights to a sample of the clients;
//   2. each of them takes some steps on its own examples, from these weights and with a fresh optimiser;
//   3. the server averages what they send back, weighted by their numbers of examples (averaging.h).
//
// The clients are in this process, one after the other, and share the frozen weights. Several ranks share the
// clients. Only the trained tensors travel, and their bytes are counted.
#pragma once

#include <vector>

#include "nn/io/describe.h"
#include "p2rec/llm/finetune.h"
#include "p2rec/methods/federated/averaging.h"
#include "p2rec/methods/federated/clients.h"

namespace p2rec {

enum class LocalOptimiser : uint8_t { Adam, Sgd };

struct RoundsConfig {
  int64_t rounds = 20;
  int64_t sampled = 0;  // clients in a round; 0: all
  int64_t local_steps = 5;
  int64_t local_batch = 8;  // examples of a step; 0: all of the client
  LocalOptimiser optimiser = LocalOptimiser::Adam;
  double lr = 2e-3;       // of LoRA and the head, constant
  double item_lr = 5e-3;  // of new item tokens
  uint64_t seed = 1;      // of the sample of clients, the order of examples, and dropout
};
void describe(RoundsConfig& config, const nn::Visit& visit);

// The trained tensors, and the clients that train them.
struct Federation {
  std::vector<nn::Adam::Group> trained;  // the tensors that travel, each with its learning rate
  Shards shards = {};                    // the examples of each client
  std::vector<int64_t> heldout = {};     // their mean loss is measured after each round; may be empty
  double loss_scale = 1;                 // as in Finetuning
  decltype(Finetuning::loss) loss = {};
};

// All tensors that travel, in order.
nn::NamedTensors tensors_of(const Federation& federation);

// One number for each round.
struct RoundHistory {
  std::vector<double> train;    // mean loss over the clients' steps
  std::vector<double> heldout;  // of the server's new weights; empty if nothing is held out
  std::vector<double> gap;      // averaging_gap
};

// Runs the rounds on the task's ranks. At the end, the trained tensors are the server's. Saves and resumes
// after each round.
RoundHistory run_rounds(const Federation& federation, const RoundsConfig& config, Averaging averaging,
                        const Task& task = {});

// The bytes of a round: each sampled client gets the trained tensors and sends them back, 4 bytes a number.
constexpr int64_t kBytesPerNumber = 4;
int64_t bytes_per_round(const Federation& federation, const RoundsConfig& config);

// The loss of each example by itself. The ranks share the examples.
std::vector<double> losses_of(const Federation& federation, const std::vector<int64_t>& examples,
                              const ag::Communicator& ranks = {});

}  // namespace p2rec
