// P2Rec as one function: the seven steps in order, in memory.
#pragma once

#include "models/formats/language_model.h"
#include "p2rec/methods/p2rec/config.h"

namespace p2rec {

struct P2RecResult {
  ItemGroups groups;           // step 2
  ag::Tensor preferences;      // step 3: (users, K)
  FinetuneLosses losses;       // step 4
  ag::Tensor embeddings;       // step 5: (V, C)
  Recommender recommender;     // step 6
  std::vector<int64_t> ranks;  // step 7: of each ranked user's test item, 0 is first
};

// The whole method with one seed, config.recommender.seed. The language model is fine-tuned: it keeps its LoRA matrices.
P2RecResult p2rec(const Interactions& data, const models::LanguageModel& llm, const P2RecConfig& config);

}  // namespace p2rec
