// LLM2X: item embeddings of an untuned language model begin the item table of a recommender.
// (Harte et al., "Leveraging Large Language Models for Sequential Recommendation", RecSys 2023; Boz et al., arXiv 2402.01339.)
//
// From their code (dh-r/LLM-Sequential-Recommendation): an embedding of each item's name, reduced to the item table's columns by
// principal components or a random projection; the recommender is then trained as usual; the control of embeddings shuffled over
// the items. Ours: the embedding is the language model's state at the last token of the title (theirs come from a commercial
// interface), and the reduced table is scaled to the standard deviation of the other starts.
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
};

// (V,C): the state at the last token of each item's title, or of its id if it has none.
ag::Tensor embed_titles(const models::LanguageModel& llm, const Interactions& data, const Task& task = {});

}  // namespace p2rec
