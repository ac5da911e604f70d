// FederatedScope-LLM: a language model is fine-tuned by clients that keep their data (Kuang et al.,
// "FederatedScope-LLM: A Comprehensive Package for Fine-tuning Large Language Models in Federated Learning",
// arXiv 2309.00363).
//
// Here users are divided over clients, and the task is P2Rec's user-level loss
// (p2rec/methods/p2rec/reconstruction.h): the model reads a user's items and predicts the user's preference
// for groups of items.
//
// From their code (alibaba/FederatedScope, branch llm): only adapters travel; a client takes a fixed number
// of local steps; the mean is weighted by examples; clients are alike, or drawn from a Dirichlet distribution
// over classes; offsite-tuning with a uniform share of the middle layers dropped. From FlexLoRA (arXiv
// 2402.11505, a branch of the same repository): the mean of the products B A.
//
// Ours: the task and its head. The class of a user is the group that the user prefers most. All users share
// the teacher's item groups, and the head starts at the mean preference of all training users: a server would
// need a public item table and one secure sum for them. Clients' optimisers begin anew in each round. The
// controls, and how central training is made comparable: see arms.h.
#pragma once

#include "p2rec/methods/common/language_model.h"
#include "p2rec/methods/common/method.h"
#include "p2rec/methods/common/stages.h"
#include "p2rec/methods/federated/arms.h"
#include "p2rec/methods/p2rec/item_groups.h"
#include "p2rec/report/report.h"

namespace p2rec {

struct FederatedConfig : MethodConfig {
  TeacherConfig teacher = teacher_of({});
  KMeansConfig groups;
  LanguageModelConfig llm;
  PromptConfig prompts;
  FederateConfig federate;

  Sections sections() override;
  void check() const override;
  Stages stages() const override;
};

// Rounds and bytes: shows the record of the stage `federate`.
std::vector<ReportSection> federated_report_sections();

}  // namespace p2rec
