// The sections of the report that all methods share, each as HTML.
#pragma once

#include <string>

#include "p2rec/report/report_data.h"

namespace p2rec {

extern const char* const kStyle;  // style.css

std::string progress_note(
    const ReportData& data);                  // of an unfinished run: the open stages, and how to resume
std::string verdict(const ReportData& data);  // of a finished one: the main result in a sentence or two

std::string run_section(const ReportData& data);      // data, models, program, options
std::string results_section(const ReportData& data);  // the arms with their spread (results_section.cpp)
std::string curves_section(const ReportData& data);   // losses and validation
std::string costs_section(const ReportData& data);    // time and memory by stage
// What a method adds, if it belongs to the run; otherwise empty.
std::string method_section(const ReportData& data, const ReportSection& section);

}  // namespace p2rec
