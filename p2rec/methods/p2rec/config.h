// The configuration of P2Rec: a struct for each step, and the vocabulary of the command line for them.
#pragma once

#include "p2rec/evaluation/evaluation.h"
#include "p2rec/methods/common/item_init.h"
#include "p2rec/methods/common/language_model.h"
#include "p2rec/methods/common/stages.h"
#include "p2rec/methods/common/method.h"
#include "p2rec/methods/p2rec/item_groups.h"
#include "p2rec/methods/p2rec/item_inits.h"
#include "p2rec/methods/p2rec/reconstruction.h"

namespace p2rec {

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
};

}  // namespace p2rec
