// report.html: a run on one page for a person. It needs no other file, no script and no network, follows the
// reader's light or dark scheme, and prints. The markup is well-formed XML as well as HTML. What it shows is
// what its caller knows, and what the run left in config.toml, manifest.json, results.json and log.jsonl.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/report/plots.h"
#include "p2rec/run/results_file.h"
#include "p2rec/run/run_folder.h"

namespace p2rec {

// A section that a method adds: the HTML of what one of its stages found (ResultsFile::set_section). It is
// shown if the stage is part of the run.
struct ReportSection {
  const char *id, *title;
  std::string stage;
  std::string (*html)(const nn::OrderedJsonReader& found);
};

struct ShownOption {
  std::string name, help, value, usual;
};

// What the caller says of the run.
struct ReportPlan {
  std::string title;  // "P2Rec on ml-100k"
  std::vector<std::pair<std::string, std::string>>
      facts;                         // first lines of the page: {"Data", "data/ml-100k"}
  std::vector<ShownOption> options;  // those that differ from their defaults
  std::vector<std::string> stages;   // that the results rest on, in order
  std::vector<std::string> files;    // that they leave; a '*' stands for anything
  std::string resume;                // the command that finishes the run
  std::string again;                 // the command that makes the same run in another folder
  std::vector<ReportSection> sections;
};

// The log of one task: (x, y) in the order of x.
struct TaskLog {
  std::string name;     // "train/random-1"
  Points loss;          // by step, from 1
  Points heldout;       // loss of held-out examples by step
  Points validation;    // by epoch
  std::string measure;  // of the validation: "NDCG@10"
};

struct ReportData {
  ReportPlan plan;
  std::vector<std::string> program;  // version, gemm backend, threads, compiler: the comments of config.toml
  Manifest manifest;
  RunResults run;
  std::vector<TaskLog> log;        // in the order of the file
  std::vector<std::string> files;  // of the run, in its folder: "adapter/adapter_config.json"

  bool done(const std::string& stage) const { return manifest.done(stage); }
  bool concerns(const std::string& stage) const;  // it is done, or the results rest on it
  bool open(const std::string& stage) const { return concerns(stage) && !done(stage); }
};

// Throws ag::InputError naming a file that this program did not write, or config.toml where it is missing.
ReportData read_report_data(const nn::Path& folder, const ReportPlan& plan);

// The same data give the same bytes. A part that has not been run is named, with what would run it.
std::string report_page(const ReportData& data);

// Makes report.html in the folder of a run; the file's path. Throws as read_report_data.
nn::Path write_report(const nn::Path& folder, const ReportPlan& plan);

// --- parts of the page, each as HTML (sections.cpp, results_section.cpp) -----------------------------------

extern const char* const kStyle;  // style.css

std::string progress_note(const ReportData& data);  // of an unfinished run: what is open, how to resume
// Of a finished one: the main result in a sentence or two, with the difference to the baseline and a figure.
std::string verdict(const ReportData& data);

std::string run_section(const ReportData& data);      // data, models, program, options, the command
std::string results_section(const ReportData& data);  // the arms with their spread (results_section.cpp)
std::string curves_section(const ReportData& data);   // losses and validation
std::string costs_section(const ReportData& data);    // time and memory by stage
std::string files_section(const ReportData& data);    // links to the other files of the run
// What a method adds, if it belongs to the run; otherwise empty.
std::string method_section(const ReportData& data, const ReportSection& section);

}  // namespace p2rec
