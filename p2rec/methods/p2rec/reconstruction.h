// Step 4 of the method, information reconstruction: a language model learns to predict a user's preference
// from the user's history, with one prompt per user (user-level supervised fine-tuning).
//
//   h_u = hidden state of the prompt's last token after the final norm
//   z_u = W h_u + b                                   the head's output
//   loss = mean over users and groups of (z_u - g_u)^2
//
// preference_loss.h has other losses.
// From the paper: one prompt per user, LoRA on a frozen model. Ours: the head starts at W = 0 and the b that
// predicts the mean preference (a random head's first errors are a hundred times larger and waste an epoch).
// The loss is divided by that of predicting the mean, so that 1 means nothing was learned, and Adam's eps and
// the clipping do not depend on K or on the kind of loss. The schedule is cosine with 10 % warm-up. Held-out
// users are always judged by the squared error of g^_u, so that losses and baselines can be compared.
#pragma once

#include "models/llama/llama.h"
#include "p2rec/llm/embed.h"
#include "p2rec/llm/finetune.h"
#include "p2rec/llm/prompts.h"
#include "p2rec/methods/p2rec/item_groups.h"
#include "p2rec/methods/p2rec/preference_loss.h"

namespace p2rec {

struct ReconstructionConfig {
  FinetuneConfig finetune;  // its learning rate is also the head's
  double item_lr = 5e-3;    // learning rate of the new item tokens
  PreferenceLoss loss;
};
void describe(ReconstructionConfig& config, const nn::Visit& visit);

// A language model with a head that predicts a user's preference from a prompt.
struct PreferenceModel {
  ItemReader reader;
  ag::Tensor head_weight, head_bias;  // (K,C), (K)
  PreferenceHead head = PreferenceHead::Linear;
};

// The model before training: its head's weight is 0, and its bias predicts the mean preference (K).
PreferenceModel untrained_model(const models::Llama& llm, const Prompts& prompts, const ag::Tensor& mean,
                                uint64_t seed, PreferenceHead head = PreferenceHead::Linear);

// The predicted preference (K) on the CPU. The tape does not record it.
ag::Tensor predicted_preference(const PreferenceModel& model, const std::vector<int32_t>& prompt);

struct Reconstruction {
  PreferenceModel model;
  FinetuneLosses losses;
  int64_t tokens = 0;  // read in training
};

// Attaches LoRA to the model and trains it with the head on all users not held out. preferences (users,K).
// Throws ag::InputError without training or held-out users, or if all preferences are equal.
Reconstruction reconstruct(models::Llama& llm, const Prompts& prompts, const Interactions& data,
                           const ag::Tensor& preferences, const ReconstructionConfig& config,
                           const Task& task = {});

// The users with training items: users to train on, and held-out users.
struct UserSplit {
  std::vector<int64_t> users, heldout;
};
UserSplit split_users(const Interactions& data);
// The same. Throws ag::InputError unless there is at least one of each.
UserSplit checked_split(const Interactions& data);

// Mean squared errors, on the held-out users, of predictions without a language model.
struct ReconstructionBaselines {
  double mean = 0;    // the training users' mean preference
  double window = 0;  // the group histogram of the items in the prompt, from the true groups
  double ridge = 0;   // ridge regression from the bag of items in the prompt, without the groups
};
// preferences (users,K). The ridge penalty is the best of 0.01, 0.1, 1, 10 and 100 on a tenth of the training
// users (another hash of the id).
ReconstructionBaselines reconstruction_baselines(const Interactions& data, const ItemGroups& groups,
                                                 const ag::Tensor& preferences, const Prompts& prompts);

// The mean preference (K) of some users, and the loss of predicting it for them. Throws ag::InputError if all
// these users have the same preference: there is nothing to learn. preferences (users,K).
struct MeanPreference {
  ag::Tensor mean;
  double error = 0;
};
MeanPreference mean_preference(const Interactions& data, const ag::Tensor& preferences,
                               std::span<const int64_t> users, const PreferenceLoss& loss = {});
// The mean squared error, on the held-out users, of predicting the other users' mean preference.
double error_of_mean(const Interactions& data, const ag::Tensor& preferences, const UserSplit& split);

// The input of finetune(): an example is a user, and the loss is as above. Trains the head and the item
// tokens beside LoRA, with the learning rates of `config`. Refers to prompts and data.
Finetuning user_level(const PreferenceModel& model, const Prompts& prompts, const Interactions& data,
                      const ag::Tensor& preferences, const UserSplit& split,
                      const ReconstructionConfig& config);

// check_finetuning_memory for reconstruct(). It counts the small head as if K were 1.
int64_t check_reconstruction_memory(models::Llama& llm, const Prompts& prompts, const Interactions& data,
                                    const ReconstructionConfig& config);

}  // namespace p2rec
