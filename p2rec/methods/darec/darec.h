// DARec: a language model that reads titles is adapted to sequential recommendation in three ways.
// ("DaRec"/MixRec, Xiamen University, arXiv 2408.07427.)
//
// No code of the authors was found, and the full text was not read; so this is in the manner of the paper.
// From the abstract:
//   * context masking            relations within an item: its tokens are modelled without their context
//   * collaborative knowledge    what a conventional model knows of an item is injected into the language
//                                model
//   * dynamic adaption           Bayesian optimisation chooses the adapter of each layer
// Ours, because no source says it:
//   * where the mask acts        in the first of six groups of layers (BlockMask): so a title is understood
//                                first by itself, and then in its context
//   * the vectors                W e(i), added to the input at the last token of item i, its semicolon; e(i)
//                                (d) is the teacher's item vector, centred and as large as the vectors of
//                                tokens, so that a step of W is a like share of any model's input; W (C,d)
//                                starts at 0
//   * adapters                   none, LoRA of rank 4 or 8, or a bottleneck of 16 (adapters.h), the same for
//                                a sixth of the layers: for five of 30. A model with fewer than six layers
//                                has one for each layer
//   * search                     a Gaussian process with an RBF kernel, expected improvement (search.h); 12
//                                trials, 4 of them random; a trial's value is NDCG@5 on the validation items
//   * prompt and score           "History: TITLE; TITLE;" without the candidates; the score is the state's
//                                product with the mean output row of a title's tokens (candidate_scoring.h)
//   * training                   cross-entropy over the candidates, one example per user; AdamW, cosine
//                                schedule
// Controls: each part switched off with the adapters found, and random search with as many trials.
#pragma once

#include "p2rec/methods/common/language_model.h"
#include "p2rec/methods/common/method.h"
#include "p2rec/methods/common/stages.h"
#include "p2rec/methods/darec/model.h"

namespace p2rec {

struct DarecConfig : MethodConfig {
  TeacherConfig teacher;
  LanguageModelConfig llm;
  CandidateConfig candidates;
  DarecModelConfig model;
  SearchConfig search;

  Sections sections() override;
  void check() const override;
  Stages stages() const override;
};

std::vector<ReportSection> darec_report_sections();

}  // namespace p2rec
