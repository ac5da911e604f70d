// Compares runs with each other: their arms in one table, over the users that all of them have ranked.
#pragma once

#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/run/results_file.h"

namespace p2rec {

// What the evaluation of a run has left. Throws ag::InputError if it is not done.
struct RankedRun {
  std::string name;                                          // for tables
  Summary results;                                           // results.json
  RanksTable ranks;                                          // ranks.tsv
  std::vector<std::pair<std::string, std::string>> made_of;  // hashes of the data, options of the ranking
};
RankedRun read_ranked_run(const nn::Path& folder);

// The arms of the runs as those of one comparison, named RUN/ARM, with the doubts of their trainings. The units are
// the users whom all runs have ranked with the same target. The baseline is that of the first run, unless it is given
// as RUN/ARM. Throws ag::InputError for runs of different data, rankings or cutoffs, naming what differs.
Results joined_results(const std::vector<RankedRun>& runs, const std::string& baseline = "");

// How many users are common, and the table.
std::string comparison_text(const std::vector<RankedRun>& runs, const std::string& baseline = "");

}  // namespace p2rec
