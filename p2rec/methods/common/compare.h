// Compares runs: the arms of all runs in one table, over the users that all runs ranked.
#pragma once

#include <map>

#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/methods/common/trained.h"
#include "p2rec/run/results_file.h"

namespace p2rec {

// The files of a run's evaluation. read_ranked_run throws ag::InputError if the run was not evaluated.
struct RankedRun {
  std::string name;                                          // for tables
  Summary results;                                           // results.json
  RanksTable ranks;                                          // ranks.tsv
  std::vector<std::pair<std::string, std::string>> made_of;  // hashes of the data, options of the ranking
  std::map<std::string, Trained> trainings = {};             // by ARM-SEED; popularity has none
};
RankedRun read_ranked_run(const nn::Path& folder);

// The arms of all runs as one comparison, named RUN/ARM, with the doubts about their trainings. The
// units are the users that all runs ranked with the same target. `baseline` is a RUN/ARM; empty: the
// first run's baseline. The facts are those of add_facts. Throws ag::InputError, which names the difference,
// if the data, the ranking or the cutoffs differ.
Results joined_results(const std::vector<RankedRun>& runs, const std::string& baseline = "");

// Replaces the facts: each training's epochs, and the epochs until the best validation of the baseline's
// training with the same seed.
void add_facts(Results& results, const std::vector<RankedRun>& runs, const std::string& baseline);

// Pairs the arms with the baseline over their common seeds. Popularity, which has no seed, is paired with
// all.
Summary paired(const Results& joined);
// One line per arm that is paired over fewer seeds than it or the baseline has.
std::vector<std::string> pairing_notes(const Summary& summary);

// The number of common users, and the summary table.
std::string comparison_text(const std::vector<RankedRun>& runs, const std::string& baseline = "");

}  // namespace p2rec
