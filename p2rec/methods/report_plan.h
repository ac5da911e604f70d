// What the report says of a run beside what is in its files: the method, and the options that differ from their defaults.
#pragma once

#include "p2rec/methods/settings.h"
#include "p2rec/report/report.h"

namespace p2rec {

ReportPlan report_plan(Settings& settings);

}  // namespace p2rec
