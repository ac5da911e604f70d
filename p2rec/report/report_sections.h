// The sections of the report, each as HTML.
#pragma once

#include <string>

#include "p2rec/report/report_data.h"

namespace p2rec {

std::string progress_note(const ReportData& data);  // of an unfinished run: the open stages, and how to go on
std::string verdict(const ReportData& data);        // of a finished one: the main result in a sentence or two

std::string run_section(const ReportData& data);             // data, models, program, options
std::string results_section(const ReportData& data);         // the starts with their spread
std::string reconstruction_section(const ReportData& data);  // against its baselines
std::string groups_section(const ReportData& data);          // with their most frequent items
std::string curves_section(const ReportData& data);          // losses and validation
std::string costs_section(const ReportData& data);           // time and memory by stage

// Pieces of which they are made. `body`, `content` are HTML.
std::string section(const char* id, const char* heading, const std::string& body);
std::string figure(const std::string& plot, const std::string& caption);
// Says that the stage has not been finished.
std::string missing(Stage stage);
// For a part that a finished stage has not left.
std::string not_recorded(const char* file, Stage stage);

}  // namespace p2rec
