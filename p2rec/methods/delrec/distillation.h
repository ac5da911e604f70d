// DELRec, stage 1: learns the soft prompt from two tasks, with the language model frozen.
#pragma once

#include "models/recommenders/recommender.h"
#include "p2rec/llm/candidate_scoring.h"
#include "p2rec/methods/delrec/prompts.h"
#include "p2rec/training/loop.h"

namespace p2rec {

struct DistillationConfig {
  double lr = 5e-3;   // AdamW, cosine schedule with 10 % warm-up
  int64_t batch = 8;  // users per step, each with an example of both tasks
  int64_t epochs = 3;
};
void describe(DistillationConfig& config, const nn::Visit& visit);

// The inputs of both stages besides options.
struct DelrecInput {
  const models::Llama& llm;
  const models::Tokenizer& tokenizer;
  const Interactions& data;
  const DelrecPromptConfig& prompts;
  TitleTokens titles;
  ag::Tensor title_vectors;  // (V,C)

  DelrecInput(const models::Llama& model, const models::Tokenizer& words, const Interactions& interactions,
              const DelrecPromptConfig& config);
};

// Prompts with the candidates to choose from.
struct ChoiceBatch {
  std::vector<std::vector<int32_t>> prompts;
  std::vector<int32_t> candidates;  // (B,n)
  std::vector<int32_t> places;      // (B): of each answer
};
// The cross-entropy over the candidates, -> (). The soft prompt is reader.item_tokens.
ag::Tensor choice_loss(const ItemReader& reader, const nn::Packed& prompts, const ag::Tensor& title_vectors,
                       const std::vector<int32_t>& candidates, const std::vector<int32_t>& places);

// A user's example of temporal analysis, and of the teacher's choice: half of the candidates are the
// teacher's list after the history, without what is in it; the answer is its first item.
void add_analysis(ChoiceBatch& batch, const DelrecInput& input, int64_t user, int64_t candidates,
                  uint64_t seed);
void add_simulation(ChoiceBatch& batch, const DelrecInput& input,
                    const models::SequentialRecommender& teacher, int64_t user, int64_t candidates,
                    uint64_t seed);

struct DistillationOptions {
  const DistillationConfig& config;
  int64_t candidates, users;  // of a list; of training_lists
  uint64_t seed;
};
struct Distillation {
  ag::Tensor soft_prompt;      // (S,C)
  double first = 0, last = 0;  // mean joint loss of the first and the last epoch
};
Distillation distil(const DelrecInput& input, const models::SequentialRecommender& teacher,
                    const DistillationOptions& options, const Task& task);

}  // namespace p2rec
