// LLMEmb (Liu et al., "LLMEmb: Large Language Model Can Be a Good Embedding Generator for Sequential
// Recommendation", arXiv 2409.19925, AAAI 2025): a language model is tuned to embed items by their
// attributes; a recommender adapts the embeddings.
//
// "Code" in this folder's headers means liuqidong07/LLMEmb, the authors' own; the paper's full text was not
// at hand. Each header says what its part takes from it and what is ours: item_prompts.h, contrastive_loss.h,
// contrastive_tuning.h (stage 1), adaptation.h (stage 2). From the code, too: after the training the adapted
// table is all that serving needs (models::with_cached_table). Ours: the arms, full ranking with ties against
// the target, and that the teacher may have any of our SASRec's settings, by default the recommender's.
#pragma once

#include "models/formats/language_model.h"
#include "p2rec/evaluation/evaluation.h"
#include "p2rec/methods/common/language_model.h"
#include "p2rec/methods/common/method.h"
#include "p2rec/methods/common/stages.h"
#include "p2rec/methods/llmemb/adaptation.h"
#include "p2rec/methods/llmemb/contrastive_tuning.h"

namespace p2rec {

// The item vectors that are compared, all under the adapter.
const ItemInits& llmemb_inits();

struct LlmEmbConfig : MethodConfig {
  RecommenderConfig recommender;  // always with item vectors under an adapter
  TeacherConfig teacher = teacher_of(recommender);
  LanguageModelConfig llm;
  ContrastiveTuningConfig tuning;
  AlignedAdapterConfig adaptation;
  ItemInitConfig inits = all_of(llmemb_inits());
  RankingConfig ranking;

  Sections sections() override;
  void check() const override;
  Stages stages() const override;
  std::vector<Knob> knobs() const override;
};

struct LlmEmbResult {
  ContrastiveTuning tuning;
  ag::Tensor embeddings;                                  // (V,C)
  Recommender recommender;                                // with the adapter
  std::unique_ptr<models::SequentialRecommender> cached;  // the same for serving
  std::vector<int64_t> ranks;                             // of each ranked user's test item; 0 is first
};

// Runs the method once, in memory. The LoRA matrices stay in `llm`.
LlmEmbResult llmemb(const Interactions& data, const models::LanguageModel& llm, const LlmEmbConfig& config);

}  // namespace p2rec
