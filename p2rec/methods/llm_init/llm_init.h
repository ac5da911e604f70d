// LLM2X: embeddings from an untuned language model initialise a recommender's item table.
// (Harte et al., "Leveraging Large Language Models for Sequential Recommendation", RecSys 2023;
// Boz et al., arXiv 2402.01339.)
//
//   llm_init         X = std / s (E - m) W
//   llm_projected    X = std / s E R
//
// X (V,d) is the item table at the start. The rows of E (V,C) are the titles' embeddings, m is their mean,
// and the columns of W (C,d) are their principal axes; R (C,d) has random numbers. s is the standard
// deviation of the numbers before the division, std that of the table (--start-std).
//
// From their code (dh-r/LLM-Sequential-Recommendation): an embedding of each item's name, reduced to the item
// table's columns by principal components or a random projection; a recommender trained as usual; the control
// with embeddings shuffled over the items. Ours: the embedding is the model's state at the last token of the
// title (theirs come from a commercial API), and the reduced table is scaled like other starts.
#pragma once

#include "p2rec/evaluation/evaluation.h"
#include "p2rec/methods/common/language_model.h"
#include "p2rec/methods/common/method.h"
#include "p2rec/methods/common/stages.h"

namespace p2rec {

const ItemInits& llm_init_inits();

struct LlmInitConfig : MethodConfig {
  RecommenderConfig recommender;
  LanguageModelConfig llm;
  ItemInitConfig inits = all_of(llm_init_inits());
  RankingConfig ranking;

  Sections sections() override;
  void check() const override;
  Stages stages() const override;
  std::vector<Knob> knobs() const override { return {{"start-std", {"0.02", "0.05", "0.1", "0.2", "0.5"}}}; }
};

}  // namespace p2rec
