// What the report is told of a run of P2Rec.
#pragma once

#include "p2rec/report/report_data.h"
#include "p2rec/run/options.h"

namespace p2rec {

ReportPlan report_plan(const Options& options);

}  // namespace p2rec
