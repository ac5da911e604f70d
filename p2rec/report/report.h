// report.html: a run on one page for a person. It needs no other file, no script and no network, follows the reader's light
// or dark scheme, and prints. The markup is well-formed XML as well as HTML.
#pragma once

#include <string>

#include "p2rec/report/report_data.h"

namespace p2rec {

// The same data give the same bytes. A part that has not been run is named, with what would run it.
std::string report_page(const ReportData& data);

// Makes report.html in the folder of a run from its artefacts; the file's path. Throws as read_report_data.
nn::Path write_report(const nn::Path& folder, const ReportPlan& plan);

}  // namespace p2rec
