// P2Rec's sections of the report.
#pragma once

#include <vector>

#include "nn/io/json_fwd.h"
#include "p2rec/methods/p2rec/reconstruction.h"
#include "p2rec/report/report.h"

namespace p2rec {

// Sections for the stages `reconstruct`, `groups`, `augment` and `evaluate`.
std::vector<ReportSection> p2rec_report_sections();

// The record of the stage `groups`: per group {"group", "items", "interactions", "top": [{"item", "title",
// "interactions"}]}. "top" has at most `top` items with interactions, the most frequent first (ties: the
// lower index first). Counts only the training parts.
nn::OrderedJson describe_groups(const Interactions& data, const ItemGroups& groups, size_t top = 5);

// The prompt of the first held-out user, and what the model predicts from it: {"user", "items", "tokens",
// "text", "groups": [{"group", "asked": the true preference, "told": the predicted one}]}, for the groups
// with the largest true preferences. The choice does not depend on results.
nn::OrderedJson describe_prompt(const Interactions& data, const Prompts& prompts,
                                const models::Tokenizer& tokenizer, const ag::Tensor& preferences,
                                const PreferenceModel& model);

// The record of the stage `reconstruct`. The loss curve shows the baselines, too, as its "levels".
nn::OrderedJson describe_reconstruction(const FinetuneLosses& losses,
                                        const ReconstructionBaselines& baselines,
                                        const nn::OrderedJson& prompt);

}  // namespace p2rec
