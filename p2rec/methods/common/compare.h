// Compares runs: the arms of all runs in one table, over the users that all runs ranked.
#pragma once

#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/run/results_file.h"

namespace p2rec {

// The files of a run's evaluation. read_ranked_run throws ag::InputError if the run was not evaluated.
struct RankedRun {
  std::string name;                                          // for tables
  Summary results;                                           // results.json
  RanksTable ranks;                                          // ranks.tsv
  std::vector<std::pair<std::string, std::string>> made_of;  // hashes of the data, options of the ranking
};
RankedRun read_ranked_run(const nn::Path& folder);

// The arms of all runs as one comparison, named RUN/ARM, with the doubts about their trainings. The
// units are the users that all runs ranked with the same target. `baseline` is a RUN/ARM; empty: the
// first run's baseline. Throws ag::InputError, which names the difference, if the data, the ranking or
// the cutoffs differ.
Results joined_results(const std::vector<RankedRun>& runs, const std::string& baseline = "");

// The number of common users, and the summary table.
std::string comparison_text(const std::vector<RankedRun>& runs, const std::string& baseline = "");

}  // namespace p2rec
