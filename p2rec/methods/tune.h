// `p2rec tune`: random search over a method's own knobs, judged by validation.
//
// Trial 1 has the given settings. Each further trial draws a value for every knob of the method
// (MethodConfig::knobs), with seed 1; so all methods can be given the same number of trials. A trial trains
// one recommender, from the method's own item init and with the first seed, and its score is the best
// validation NDCG@10. No test item is read. Trial k runs in OUT/trial-k; a finished one is not run again.
#pragma once

#include <string>
#include <vector>

#include "p2rec/methods/settings.h"

namespace p2rec {

struct Trial {
  GivenOptions knobs;     // empty for the first trial
  double validation = 0;  // NDCG@10
};

// The options, of which `others` replace those with the same name.
GivenOptions with(GivenOptions options, const GivenOptions& others);

// The knobs that a trial draws: the seed 1, the trial's number and the knob's place decide.
GivenOptions drawn_knobs(const std::vector<Knob>& knobs, int64_t trial);

// Runs `trials` trials with the options of `run` besides. A stage that an earlier trial or a run in one of
// the folders `reuse` has done with the same options is copied. Throws ag::InputError for a method without
// knobs or a model that is not trained, and without patience (nothing would be validated).
std::vector<Trial> tune(const GivenOptions& file, const GivenOptions& command_line, int64_t trials,
                        std::vector<std::string> reuse = {});

// The first of the best trials.
const Trial& best_of(const std::vector<Trial>& trials);

// A line per trial: number, validation NDCG@10 and knobs; the best one is marked.
std::string trials_text(const std::vector<Trial>& trials);

}  // namespace p2rec
