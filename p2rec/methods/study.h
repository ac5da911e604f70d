// `p2rec study`: several methods and controls on the same data, with the same language model and the same
// recommenders, in one table. A TOML file describes it:
//
//   data = "synthetic"                  options that all runs share, where a method has them
//   seeds = [1, 2, 3]
//   [study]
//   models = ["sasrec", "gru4rec"]      recommenders, one table each
//   runs = ["p2rec", "random_llm"]      in the order of the table
//   baselines = ["p2rec/random", "p2rec/teacher"]    arms RUN/START that all are compared with
//   trials = 4                          of `p2rec tune` for each run, on the first model; 0: no tuning
//   [models.gru4rec]                    options of a recommender; `model` if its name is not one
//   [runs.p2rec]                        options of a run; `method` if its name is not one
//   starts = ["random", "teacher", "p2rec"]
//   [runs.random_llm]
//   method = "p2rec"
//   random-weights = true
//   starts = ["p2rec"]
//
// In a run's table, `models` restricts it to these recommenders, and `trials` is its own number. In OUT,
// RUN/embeddings has the stages before the training, RUN/MODEL the recommenders, RUN/tune the trials,
// MODEL.txt a table, cost.txt what it took. A stage that two runs have in common, for example the teacher,
// runs once. A study that was interrupted is resumed; what is done is not run again.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "p2rec/methods/settings.h"

namespace p2rec {

// A run of one method with one recommender.
struct StudyRun {
  std::string name, model;
  GivenOptions options;  // all of the shared ones that it has, the recommender's, its own
  int64_t trials = 0;    // of tuning
};

struct Study {
  std::vector<std::string> models, runs, baselines;
  std::vector<StudyRun> all;  // by model, then in the order of `runs`
  nn::Path out;

  std::vector<const StudyRun*> of(const std::string& model) const;
};

// Throws ag::InputError, which names the line, for options that no run has, and for names without a table.
Study study_of(const GivenOptions& file, const nn::Path& out);

// Runs what is missing. `say` gets a line before each part.
void run_study(const Study& study, const std::function<void(const std::string&)>& say);

// The tables of a finished study: for each arm of a recommender HR@10, NDCG@10 with its spread, the paired
// differences to each baseline, epochs, epochs until the first baseline's best validation; NDCG@10 for rare
// and frequent items, short and long histories.
std::string study_table(const Study& study, const std::string& model);

// The cost of each run: by stage seconds, peak memory and tokens; the bytes of a recommender for serving.
std::string cost_table(const Study& study);

}  // namespace p2rec
