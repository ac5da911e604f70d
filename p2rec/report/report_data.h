// What the report shows: what its caller knows of the run, and what the run has left in config.toml, manifest.json,
// results.json and log.jsonl. The data and the models are not needed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/report/plots.h"
#include "p2rec/run/run_folder.h"
#include "p2rec/run/results_file.h"

namespace p2rec {

// A section that a method adds: the HTML of what one of its stages found (ResultsFile::set_section). It is shown if the stage
// is part of the run.
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
  std::string resume;                // the command that finishes the run
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
  std::vector<std::string>
      program;  // version, gemm backend, threads, compiler, from the comments of config.toml
  Manifest manifest;
  RunResults run;
  std::vector<TaskLog> log;  // in the order of the file

  bool done(const std::string& stage) const { return manifest.done(stage); }
  bool concerns(const std::string& stage) const;  // it is done, or the results rest on it
  bool open(const std::string& stage) const { return concerns(stage) && !done(stage); }
};

// Throws ag::InputError naming the file that is missing (only config.toml must be there) or that this program did not write.
ReportData read_report_data(const nn::Path& folder, const ReportPlan& plan);

}  // namespace p2rec
