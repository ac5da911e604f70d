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

// --- item vectors (embedding_section.cpp) ------------------------------------------------------------------

// The method's results about the items.
struct FoundItems {
  const ItemGroups& groups;
  // The teacher's item table (V,d), and the embeddings before and after fine-tuning (V,C).
  ag::Tensor teacher, untuned, enhanced;
};

// The record of the stage `augment`:
//   "map"          {"teacher", "enhanced": the shares of variance of their two components, "items": [{"item",
//                  "title", "group", "teacher": [x, y], "enhanced": [x, y]}]}: the first two principal
//                  components of the 300 items with most training interactions; the largest coordinate is 1
//   "neighbours"   [{"item", "title", "group", "teacher", "untuned", "enhanced": the five nearest_items}]:
//                  the most frequent item of each of five groups, most frequent first
//   "known_truth"  [{"what", "found", "chance"}]; empty if the data have no known truth
nn::OrderedJson describe_embeddings(const Interactions& data, const FoundItems& found);
// "known_truth" as lines for the terminal, at most 80 columns wide.
std::string known_truth_text(const nn::OrderedJson& described);

// A map, the nearest neighbours of some items, and a comparison with the known truth of synthetic data.
ReportSection embedding_section();

}  // namespace p2rec
