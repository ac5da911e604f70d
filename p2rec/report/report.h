// report.html: a page about a run. It needs no other file, no script and no network, follows the reader's
// light or dark scheme, and can be printed. It is valid HTML and well-formed XML. It shows the caller's
// ReportPlan and the run's config.toml, manifest.json, results.json and log.jsonl.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/report/plots.h"
#include "p2rec/run/results_file.h"
#include "p2rec/run/run_folder.h"

namespace p2rec {

// A section that a method adds: it shows the findings of one stage (ResultsFile::set_section) as HTML, if the
// stage is part of the run.
struct ReportSection {
  const char *id, *title;
  std::string stage;
  std::string (*html)(const nn::OrderedJsonReader& found);
};

struct ShownOption {
  std::string name, help, value, usual;
};

// The parts of the report that the caller gives.
struct ReportPlan {
  std::string title;  // "P2Rec on ml-100k"
  // The first lines of the page: {"Data", "data/ml-100k"}.
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<ShownOption> options;  // those that differ from their defaults
  std::vector<std::string> stages;   // all that the results depend on, in order
  std::vector<std::string> files;    // files of these stages; '*' stands for any characters
  std::string resume;                // the command that finishes the run
  std::string again;                 // the command that repeats the run in another folder
  std::vector<ReportSection> sections;
};

// The log of one task as points (x, y), sorted by x.
struct TaskLog {
  std::string name;     // "train/random-1"
  Points loss;          // by step, from 1
  Points heldout;       // the loss of held-out examples, by step
  Points validation;    // by epoch
  std::string measure;  // of the validation: "NDCG@10"
};

struct ReportData {
  ReportPlan plan;
  std::vector<std::string> program;  // version, gemm backend, threads, compiler: the comments of config.toml
  Manifest manifest;
  RunResults run;
  std::vector<TaskLog> log;        // in the order of the file
  std::vector<std::string> files;  // paths in the run's folder: "adapter/adapter_config.json"

  bool done(const std::string& stage) const { return manifest.done(stage); }
  bool concerns(const std::string& stage) const;  // the stage is done, or the results depend on it
  bool open(const std::string& stage) const { return concerns(stage) && !done(stage); }
};

// Throws ag::InputError, which names the file, if this program did not write it, or if
// config.toml is missing.
ReportData read_report_data(const nn::Path& folder, const ReportPlan& plan);

// The page as HTML; equal data give equal bytes. For a part that has not been run, it shows the
// command to run it.
std::string report_page(const ReportData& data);

// Writes report.html into the folder of a run and returns its path. Throws as read_report_data.
nn::Path write_report(const nn::Path& folder, const ReportPlan& plan);

// --- parts of the page, each as HTML (sections.cpp, results_section.cpp) -----------------------------------

extern const char* const kStyle;  // style.css, after plots.css

std::string progress_note(const ReportData& data);  // unfinished run: open stages, and how to resume
// Finished run: the main result in one or two sentences, the difference to the baseline, and a figure.
std::string verdict(const ReportData& data);

std::string run_section(const ReportData& data);      // data, models, program, options, the command
std::string results_section(const ReportData& data);  // the arms with their spread (results_section.cpp)
std::string curves_section(const ReportData& data);   // losses and validation
std::string costs_section(const ReportData& data);    // time and memory by stage
std::string files_section(const ReportData& data);    // links to the other files of the run
// A method's own section; empty if its stage does not belong to the run.
std::string method_section(const ReportData& data, const ReportSection& section);

}  // namespace p2rec
