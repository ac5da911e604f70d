// What P2Rec adds to the report.
#pragma once

#include <vector>

#include "p2rec/methods/p2rec/reconstruction.h"
#include "p2rec/report/report.h"

namespace p2rec {

// Of the stages `reconstruct` and `groups`.
std::vector<ReportSection> p2rec_report_sections();

// What the stage `groups` leaves for its section: a list of {"group", "items", "interactions", "top":
// [{"item", "title", "interactions"}]}, the groups in their order, each with its `top` most frequent items,
// of equals the lower index first; items without interactions are left out. Counts the training parts only.
nn::OrderedJson describe_groups(const Interactions& data, const ItemGroups& groups, size_t top = 5);

// What the stage `reconstruct` leaves for its section; the baselines are also "levels" of the loss curve.
nn::OrderedJson describe_reconstruction(const FinetuneLosses& losses,
                                        const ReconstructionBaselines& baselines);

}  // namespace p2rec
