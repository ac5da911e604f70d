// Tempura: prompts that make an untuned language model attend to the order of a history, and an ensemble of
// the rankings that they give. (Chu et al., "Improve Temporal Awareness of LLMs for Sequential
// Recommendation", arXiv 2405.02778.) Nothing is trained but the teacher, which is only a floor and a measure
// of which items are alike.
//
// No code of the authors was found, and the full text was not read. From the abstract and summaries:
//   * proximal demonstrations   examples from the user's own recent history: after these items the next one
//                               was this; now, with it, what is next?
//   * global demonstrations     an example of the long-term interests, from outside the recent history
//   * temporal clusters         the history's structure in time is found first, and is in the prompt
//   * ensemble                  the rankings of the different prompts are aggregated
//   * shuffle test              the motivation: a plain prompt's ranking hardly depends on the history's
//                               order
// Ours, because no source says it:
//   * words of the prompts      plain English without a data set's domain (prompts.h)
//   * score of a candidate      the sum of log-probabilities of its title. The authors let GPT-3.5 and GPT-4
//                               write a ranked list, which a small model cannot
//   * global example            the last training item of the user whose training items overlap most with the
//                               history (Jaccard)
//   * clusters                  computed, not asked for: the best cut into contiguous periods by the
//                               teacher's item vectors (temporal_clusters.h), because data need not have
//                               times
//   * aggregation               Borda counts, and sums of reciprocal ranks beside them (aggregation.h)
//   * combined                  one prompt with all three strategies, to compare with the ensemble
#pragma once

#include "p2rec/llm/candidates.h"
#include "p2rec/methods/common/language_model.h"
#include "p2rec/methods/common/method.h"
#include "p2rec/methods/common/stages.h"
#include "p2rec/methods/tempura/prompts.h"

namespace p2rec {

struct TempuraConfig : MethodConfig {
  TeacherConfig teacher;
  LanguageModelConfig llm;
  CandidateConfig candidates;
  TempuraPromptConfig prompts;

  Sections sections() override;
  void check() const override;
  Stages stages() const override;
};

std::vector<ReportSection> tempura_report_sections();

}  // namespace p2rec
