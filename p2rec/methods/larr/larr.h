// LARR: a language model's view of a scene helps to predict clicks (Wan et al., "LARR: Large Language Model
// Aided Real-time Scene Recommendation with Semantic Understanding", RecSys 2024, arXiv 2408.11523).
//
// A scene is what is known when an item is shown: hour and day, and attributes of the user and the item. No
// code and no data of the paper are public, and its full text was not at hand. The steps are those of the
// paper, except where "Ours" says otherwise:
//
//   * 1 adapt      continued pre-training on texts of the recommender's data, with new tokens. Ours: the
//                  words of the texts; one new token for each field; LoRA; clicked scenes and items, drawn
//                  evenly
//   * 2 contrast   pairs user-user, item-item, user-item by co-occurrence; in-batch negatives. Ours: pairs
//                  are neighbours in a user's clicks, neighbours in an item's clicks, each click; symmetric
//                  InfoNCE
//   * 3 embed      each scene feature is embedded apart and cached, so that no text is read on line. Ours:
//                  the state of a text's last token
//   * 4 aggregate  a small bidirectional encoder with an aggregation token. Ours: over the features of
//                  context and user; the item's text is beside it
//   * 5 align      aligned with the recommender's collaborative signal. Ours: InfoNCE between a clicked scene
//                  and the item vector of the one-hot model of the same seed
//   * 6 predict    a CTR model, binary cross-entropy. Ours: a small MLP; clicks are ratings of --min-click or
//                  more; a split in time; AUC and log-loss
#pragma once

#include "p2rec/methods/common/language_model.h"
#include "p2rec/methods/common/method.h"
#include "p2rec/methods/larr/adaptation.h"
#include "p2rec/methods/larr/arms.h"
#include "p2rec/methods/larr/ctr.h"
#include "p2rec/methods/larr/scenes.h"
#include "p2rec/report/report.h"

namespace p2rec {

struct LarrConfig : MethodConfig {
  LanguageModelConfig llm;
  SceneConfig scenes;
  AdaptationConfig adaptation;
  CtrConfig ctr;
  LarrArmsConfig arms;

  Sections sections() override;
  void check() const override;
  Stages stages() const override;
};

// AUC by scene: shows the record of the stage `click`.
std::vector<ReportSection> larr_report_sections();

}  // namespace p2rec
