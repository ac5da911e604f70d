// Steps 1 and 2: the language model learns the texts of scenes and items, and then to embed them.
#pragma once

#include <array>
#include <vector>

#include "nn/lora.h"
#include "p2rec/llm/embed.h"
#include "p2rec/methods/larr/scenes.h"
#include "p2rec/training/loop.h"

namespace p2rec {

struct AdaptationConfig {
  nn::LoraConfig lora;
  double lr = 5e-4, token_lr = 5e-3;  // of LoRA and of the new tokens; AdamW, cosine, 10 % warm-up
  int64_t pretrain_steps = 200, pretrain_batch = 16;  // texts
  int64_t contrast_steps = 200, contrast_batch = 16;  // pairs of each kind
  double temperature = 0.05;
  uint64_t seed = 1;
};
void describe(AdaptationConfig& config, const nn::Visit& visit);

// --- step 1 ------------------------------------------------------------------------------------------------

// The mean of -log p(token | the tokens before it), over all tokens but the first of each text. New tokens
// are predicted like the others, by their own rows.
ag::Tensor next_token_loss(const ItemReader& reader, const std::vector<std::vector<int32_t>>& texts);

// Continued pre-training on clicked scenes and on items: half of a batch each. Attaches LoRA and trains it
// with the new tokens. Returns the losses of the steps.
std::vector<double> pretrain_on_scenes(const ItemReader& reader, models::Llama& llm, const SceneTexts& texts,
                                       int64_t items, const std::vector<Impression>& train,
                                       const AdaptationConfig& config, const Task& task = {});

// --- step 2 ------------------------------------------------------------------------------------------------

// InfoNCE in both directions (van den Oord et al. 2018; Radford et al. 2021). With rows of length 1 and
// S = X Y^T / temperature (B,B), the mean over rows i of
//   (-log softmax(S)[i,i] - log softmax(S^T)[i,i]) / 2.
// x, y (B,C): row i of x belongs to row i of y, and the other rows are its negatives.
ag::Tensor contrastive_loss(const ag::Tensor& x, const ag::Tensor& y, double temperature);

// Positive pairs by co-occurrence in the training clicks.
using Pairs = std::vector<std::pair<int32_t, int32_t>>;
struct ScenePairs {
  Pairs user_user;  // two users, one after the other among those who clicked an item
  Pairs item_item;  // two items, one after the other in a user's clicks
  Pairs user_item;  // each click
};
ScenePairs pairs_of(const std::vector<Impression>& train);

// At most `count` of the pairs, drawn. No user and no item occurs twice, so that none is its own negative.
// `alike`: both sides are users, or both items.
Pairs drawn_pairs(const Pairs& pairs, bool alike, int64_t count, const ag::RandomKey& key);

// Trains on the three kinds of pairs, the mean of their losses. A user's text has the last clicks other than
// the item of the pair. Attaches LoRA. Returns the losses of the steps.
std::vector<double> train_contrast(const ItemReader& reader, models::Llama& llm, const SceneTexts& texts,
                                   const std::vector<Impression>& train, const SceneConfig& scenes,
                                   const AdaptationConfig& config, const Task& task = {});

}  // namespace p2rec
