// What P2Rec adds to the report.
#pragma once

#include <vector>

#include "nn/io/json_fwd.h"
#include "p2rec/methods/p2rec/reconstruction.h"
#include "p2rec/report/report.h"

namespace p2rec {

// Of the stages `reconstruct`, `groups`, `augment` and `evaluate`.
std::vector<ReportSection> p2rec_report_sections();

// What the stage `groups` leaves for its section: a list of {"group", "items", "interactions", "top":
// [{"item", "title", "interactions"}]}, the groups in their order, each with its `top` most frequent items,
// of equals the lower index first; items without interactions are left out. Counts the training parts only.
nn::OrderedJson describe_groups(const Interactions& data, const ItemGroups& groups, size_t top = 5);

// What the language model reads of the first of the held-out users, chosen by no result: {"user", "items",
// "tokens", "text", "groups": [{"group", "asked", "told"}]}, the groups with the largest asked preferences.
nn::OrderedJson describe_prompt(const Interactions& data, const Prompts& prompts,
                                const models::Tokenizer& tokenizer, const ag::Tensor& preferences,
                                const PreferenceModel& model);

// What the stage `reconstruct` leaves for its section; the baselines are also "levels" of the loss curve.
nn::OrderedJson describe_reconstruction(const FinetuneLosses& losses,
                                        const ReconstructionBaselines& baselines,
                                        const nn::OrderedJson& prompt);

}  // namespace p2rec
