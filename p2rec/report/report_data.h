// What the report shows, read from the artefacts of a run: config.toml, manifest.json, results.json and log.jsonl. The data
// and the models are not needed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/report/report_plots.h"
#include "p2rec/run/artifacts.h"
#include "p2rec/run/options.h"
#include "p2rec/run/results.h"

namespace p2rec {

// The log of one task: (x, y) in the order of x.
struct TaskLog {
  Points loss;        // by step, from 1
  Points validation;  // NDCG@10 by epoch
  Points heldout;     // loss of held-out users by step
};

struct ReportData {
  Options options;
  std::vector<std::string>
      program;  // version, gemm backend, threads, compiler, as config.toml's comments say them
  Manifest manifest;
  Results results;
  std::map<std::string, TaskLog> log;  // by the name of the task

  bool done(Stage stage) const { return manifest.done(name_of(stage)); }
  // Whether the stage is a part of this run: it is done, or the results rest on it. Of a plain recommender most are not.
  bool concerns(Stage stage) const;
  const TaskLog& log_of(const std::string& task) const;  // empty where there is none
};

// Throws ag::InputError naming the file that is missing (only config.toml must be there) or that this program did not write.
ReportData read_report_data(const nn::Path& folder);

}  // namespace p2rec
