// What the long computations need, in bytes, before they begin; and the refusal of what would not fit.
//
// The estimates count what is held at the worst moment, the beginning of a backward pass: parameters, gradients and
// moments, and every value that the tape keeps. They follow the models' forward passes line by line; where a pass changes,
// its line here does too (tests/nn/system/memory_test.cpp compares with what is measured).
#pragma once

#include <cstdint>
#include <vector>

#include "models/llama/llama.h"
#include "p2rec/data/interactions.h"
#include "p2rec/methods/p2rec/reconstruction.h"
#include "p2rec/training/train_recommender.h"

namespace p2rec {

// The most tokens that one batch holds, of sequences of these lengths dealt out to batches as training deals them: in the
// order of random_permutation({seed, epoch, stream}). Looks at 20 epochs at most.
int64_t most_tokens_of_a_batch(const std::vector<int64_t>& lengths, int64_t batch, int64_t epochs,
                               uint64_t seed, uint32_t stream);

// --- fine-tuning the language model ----------------------------------------------------------------------------

// Beside the frozen model itself, with batches of at most `tokens` tokens. `item_tokens` is the number of new tokens.
int64_t fine_tuning_memory(const models::LlamaConfig& llm, const ReconstructionConfig& config,
                           int64_t item_tokens, int64_t groups, int64_t tokens);
// Throws ag::InputError where it is more than what is available, naming the largest --sft-batch that would fit.
// `lengths` are the users' prompts in tokens, `stream` the order's stream of randomness. Returns the estimate.
int64_t check_fine_tuning_memory(const models::LlamaConfig& llm, const ReconstructionConfig& config,
                                 int64_t item_tokens, int64_t groups, const std::vector<int64_t>& lengths,
                                 uint32_t stream);

// --- embedding the items ---------------------------------------------------------------------------------------

// Beside the model: tables of both variants, new tokens, and a batch of at most `tokens` tokens.
int64_t augmentation_memory(const models::LlamaConfig& llm, int64_t items, bool item_tokens, int64_t tokens);

// --- recommenders ------------------------------------------------------------------------------------------------

// What the batches of a recommender hold at most.
struct RecommenderBatches {
  int64_t positions = 0;                           // of a training step
  int64_t ranked_users = 0, ranked_positions = 0;  // of users whose items are ranked together
};
RecommenderBatches recommender_batches(const Interactions& data, const RecommenderConfig& config);
// One recommender's training; `config.model->items` is set.
int64_t recommender_memory(const RecommenderConfig& config, const RecommenderBatches& batches);
// How many such trainings fit into memory side by side, at most `wanted`. Throws ag::InputError where not even one does,
// naming the largest --batch that would fit. `start_bytes` more are needed by each.
int64_t recommenders_that_fit(const Interactions& data, RecommenderConfig config, int64_t wanted,
                              int64_t start_bytes = 0);
// Principal components of `items` embeddings with `columns` columns.
int64_t start_table_memory(int64_t items, int64_t columns);

}  // namespace p2rec
