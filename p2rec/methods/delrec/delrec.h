// DELRec: a soft prompt learns a conventional recommender's pattern from a frozen language model; then the
// language model, with it, learns to rank candidates. (Zhang et al., "DELRec: Distilling Sequential Pattern
// to Enhance LLMs-based Sequential Recommendation", arXiv 2406.11156.)
//
// From the authors' code (haoge6660101/DELRec_hao, commit 0af4055):
//   * stage 1  100 soft vectors, the model frozen, two tasks (prompts.h): temporal analysis with an example
//              in context, and the teacher's own choice among its list; a step's loss weighs the tasks by the
//              norms of their gradients (task_weights.h); lr 5e-3, weight decay 1e-5, norm at most 2
//   * stage 2  the soft prompt frozen in the ranking prompt, a low-rank adapter on q and v: lr 1e-4, alpha
//              32, dropout 0.05
//   * score    the mean logit of a title's tokens at one position (OpenPrompt's verbalizer), cross-entropy
//   * lists    15, 20 or 25 candidates, default 20; of the teacher's task, half are its own list
//   * teacher  SASRec
// Ours:
//   * loss     cross-entropy over the candidates, which are what is ranked; their code's classes are all
//              titles
//   * tuning   LoRA of rank 8 with AdamW and a cosine schedule. They use AdaLoRA from rank 320, Lion in 8
//              bits, and linear schedules
//   * model    a causal model instead of Flan-T5-XL, so each prompt ends where its answer begins: the
//              teacher's list is given without its first choice, which is asked for after it
//   * prompts  their words, without a data set's domain
//   * data     one example per user: the last training item after the ones before it; both tasks of a step
//              have the same users
// Controls: a random soft prompt (the initial one) and none, each with an adapter of its own; only the
// teacher.
#pragma once

#include "p2rec/methods/common/language_model.h"
#include "p2rec/methods/common/method.h"
#include "p2rec/methods/common/stages.h"
#include "p2rec/methods/delrec/distillation.h"
#include "p2rec/methods/delrec/ranker.h"

namespace p2rec {

struct DelrecConfig : MethodConfig {
  TeacherConfig teacher;
  LanguageModelConfig llm;
  CandidateConfig candidates;
  DelrecPromptConfig prompts;
  DistillationConfig distillation;
  RankerConfig ranker;

  Sections sections() override;
  void check() const override;
  Stages stages() const override;
};

std::vector<ReportSection> delrec_report_sections();

}  // namespace p2rec
