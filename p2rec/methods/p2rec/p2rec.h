// P2Rec: the configuration, one struct per step, and the method as one function that uses no files.
#pragma once

#include "p2rec/evaluation/evaluation.h"
#include "p2rec/methods/common/language_model.h"
#include "p2rec/methods/common/method.h"
#include "p2rec/methods/common/stages.h"
#include "p2rec/methods/p2rec/item_groups.h"
#include "p2rec/methods/p2rec/reconstruction.h"

namespace p2rec {

// Step 6: the item inits that are compared (item_inits.cpp).
const ItemInits& p2rec_inits();

// Steps 2 and 3: writes groups.tsv and preferences.tsv. Section: "groups". Input: the teacher's stage.
Stage groups_stage();

struct P2RecConfig : MethodConfig {
  RecommenderConfig recommender;                    // step 6
  TeacherConfig teacher = teacher_of(recommender);  // step 1
  KMeansConfig groups;                              // step 2
  LanguageModelConfig llm;                          // steps 4 and 5
  PromptConfig prompts;                             // steps 4 and 5
  ReconstructionConfig reconstruction;              // step 4
  ItemInitConfig inits = all_of(p2rec_inits());     // step 6, and its controls
  RankingConfig ranking;                            // step 7

  Sections sections() override;
  void check() const override;
  Stages stages() const override;
  std::vector<Knob> knobs() const override;
};

struct P2RecResult {
  ItemGroups groups;           // step 2
  ag::Tensor preferences;      // step 3: (users, K)
  FinetuneLosses losses;       // step 4
  ag::Tensor embeddings;       // step 5: (V, C)
  Recommender recommender;     // step 6
  std::vector<int64_t> ranks;  // step 7: of each ranked user's test item; 0 is first
};

// Runs the seven steps once, each with the seed of its own configuration. The LoRA matrices stay in `llm`.
P2RecResult p2rec(const Interactions& data, const models::LanguageModel& llm, const P2RecConfig& config);

}  // namespace p2rec
