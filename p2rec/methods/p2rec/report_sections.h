// What P2Rec adds to the report.
#pragma once

#include <vector>

#include "p2rec/methods/p2rec/reconstruction.h"
#include "p2rec/methods/p2rec/reconstruction_baselines.h"
#include "p2rec/report/report_data.h"

namespace p2rec {

// Of the stages `reconstruct` and `groups`.
std::vector<ReportSection> p2rec_report_sections();

// What the stage `reconstruct` leaves for its section; the baselines are "levels", drawn with the curve of the loss too.
nn::OrderedJson describe_reconstruction(const FinetuneLosses& losses,
                                        const ReconstructionBaselines& baselines);

}  // namespace p2rec
