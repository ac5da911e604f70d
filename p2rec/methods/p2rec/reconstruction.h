// Step 4 of the method, information reconstruction: a language model learns to read a user's preference from the
// user's history, one prompt per user (user-level supervised fine-tuning).
//
//   h_u = hidden state of the prompt's last token after the final norm
//   g^_u = W h_u + b                                  the head
//   loss = mean over users and groups of (g^_u - g_u)^2
//
// From the paper: the prompt per user, LoRA on a frozen model, the linear head, the squared error. Ours: the head begins
// at W = 0 and b = the mean preference (a random head's first errors are a hundred times the mean's and waste an epoch);
// the loss that is descended is divided by the error of predicting the mean (1 means: nothing learned), which leaves the
// minimum where it is and makes Adam's eps and the clipping independent of K; cosine schedule with 10% warm-up.
#pragma once

#include <string>
#include <vector>

#include "models/llama/llama.h"
#include "nn/lora.h"
#include "p2rec/llm/prompts.h"
#include "p2rec/task/task.h"

namespace p2rec {

struct SftConfig {
  nn::LoraConfig lora;
  double lr = 5e-4;       // of adapters and head
  double item_lr = 5e-3;  // of the new item tokens
  int64_t batch = 16;     // users
  int64_t epochs = 6;
  double clip = 1.0;  // of the gradients' joint norm
  uint64_t seed = 1;
};

// The language model with what was trained on it. The model itself belongs to the caller.
struct Parser {
  models::Llama* model = nullptr;
  ag::Tensor item_tokens;             // (V,C), or undefined when prompts hold no new tokens
  ag::Tensor head_weight, head_bias;  // (K,C), (K)
};

struct Reconstruction {
  Parser parser;
  double train_loss_first = 0;  // mean over the first 20 steps
  double train_loss_last_epoch = 0;
  double heldout_loss = 0;
  int64_t tokens = 0;  // read in training
};

// Whether the user is one of the held-out tenth: a hash of the id decides, so it does not depend on other users.
bool held_out(const std::string& user_id);

// The starting values of new item tokens: N(0, s) with s the standard deviation of the model's own token table.
ag::Tensor initial_item_tokens(const models::Llama& model, int64_t items, uint64_t seed);

// Attaches LoRA to the model and trains it with the head on all users but the held-out ones. preferences (users,K).
Reconstruction reconstruct(models::Llama& model, const Prompts& prompts, const Interactions& data,
                           const ag::Tensor& preferences, const SftConfig& config, const Task& task = {});

// Last-token states (B,C) of prompts; records history unless under NoGrad. `prefix`, if given, was made from the prompts'
// common beginning, and the prompts then lack it.
ag::Tensor prompt_states(const Parser& parser, const std::vector<std::vector<int32_t>>& prompts,
                         const nn::DropoutContext& dropout = {},
                         const models::SharedPrefix* prefix = nullptr);
// Vectors (N,C) of token ids: the model's table, and item_tokens for ids at and above the vocabulary.
ag::Tensor embed_prompt(const Parser& parser, const ag::Tensor& ids);

}  // namespace p2rec
