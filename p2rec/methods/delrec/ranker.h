// DELRec, stage 2: an adapter learns to rank candidates; the soft prompt in the ranking prompt is frozen.
#pragma once

#include "p2rec/llm/finetune.h"
#include "p2rec/llm/training_lists.h"
#include "p2rec/methods/delrec/distillation.h"

namespace p2rec {

struct RankerConfig {
  FinetuneConfig finetune;
  int64_t users = 0;  // `most` of training_lists, for both stages
  RankerConfig();
};
void describe(RankerConfig& config, const nn::Visit& visit);

// The prompt of a list; soft_prompt undefined: without one.
SoftText ranking_prompt(const DelrecInput& input, const CandidateList& list, Sequence history,
                        const ag::Tensor& soft_prompt);

// The input of finetune(): example i is lists.lists[i]. Refers to its arguments.
Finetuning learn_to_rank(const DelrecInput& input, const TrainingLists& lists, const ag::Tensor& soft_prompt);

// (n): the scores of a list's candidates. Records nothing.
std::vector<double> rank_candidates(const DelrecInput& input, const CandidateList& list, Sequence history,
                                    const ag::Tensor& soft_prompt);

}  // namespace p2rec
