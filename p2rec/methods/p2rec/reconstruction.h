// Step 4 of the method, information reconstruction: a language model learns to read a user's preference from
// the user's history, one prompt per user (user-level supervised fine-tuning).
//
//   h_u = hidden state of the prompt's last token after the final norm
//   g^_u = W h_u + b                                  the head
//   loss = mean over users and groups of (g^_u - g_u)^2
//
// From the paper: the prompt per user, LoRA on a frozen model, the linear head, the squared error. Ours: the
// head begins at W = 0 and b = the mean preference (a random head's first errors are a hundred times larger
// and waste an epoch); the loss is divided by the error of predicting the mean (1 means: nothing learned),
// which makes Adam's eps and the clipping independent of K; cosine schedule with 10% warm-up.
#pragma once

#include "models/llama/llama.h"
#include "p2rec/llm/embed.h"
#include "p2rec/llm/finetune.h"
#include "p2rec/llm/prompts.h"
#include "p2rec/methods/p2rec/item_groups.h"

namespace p2rec {

struct ReconstructionConfig {
  FinetuneConfig finetune;  // its learning rate is also the head's
  double item_lr = 5e-3;    // of the new item tokens
};
void describe(ReconstructionConfig& config, const nn::Visit& visit);

// A language model that reads a user's preference from a prompt.
struct PreferenceModel {
  ItemReader reader;
  ag::Tensor head_weight, head_bias;  // (K,C), (K)
};

// What it tells (K), without history.
ag::Tensor told_preference(const PreferenceModel& model, const std::vector<int32_t>& prompt);

struct Reconstruction {
  PreferenceModel model;
  FinetuneLosses losses;
  int64_t tokens = 0;  // read in training
};

// Attaches LoRA to the model and trains it with the head on all users not held out. preferences (users,K).
Reconstruction reconstruct(models::Llama& llm, const Prompts& prompts, const Interactions& data,
                           const ag::Tensor& preferences, const ReconstructionConfig& config,
                           const Task& task = {});

// The users with training items: those to train on, and those held out.
struct UserSplit {
  std::vector<int64_t> users, heldout;
};
UserSplit split_users(const Interactions& data);

// Mean squared errors on the held-out users, of predictions that need no language model.
struct ReconstructionBaselines {
  double mean = 0;    // the training users' mean preference
  double window = 0;  // the group histogram of the items that the prompt shows, with the true groups
  double ridge = 0;   // ridge regression from the bag of shown items, without the groups
};
// preferences (users,K). The ridge's penalty is the best of 0.01, 0.1, 1, 10 and 100 on a tenth of the
// training users (another hash of the id).
ReconstructionBaselines reconstruction_baselines(const Interactions& data, const ItemGroups& groups,
                                                 const ag::Tensor& preferences, const Prompts& prompts);

// check_finetuning_memory of the reconstruction. The head, which is small, counts as one group's.
int64_t check_reconstruction_memory(models::Llama& llm, const Prompts& prompts, const Interactions& data,
                                    const ReconstructionConfig& config);

}  // namespace p2rec
