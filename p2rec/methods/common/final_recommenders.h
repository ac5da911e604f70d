// The recommenders that the stage `train` leaves in the folder of a run, and what is done with one of them.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "models/recommenders/recommender.h"
#include "nn/io/safetensors.h"
#include "p2rec/run/options.h"

namespace p2rec {

// One of them: a start and a seed. PopRec is a single one, with the start "counts".
struct Job {
  std::string start;
  uint64_t seed;
  std::string name() const { return start + "-" + std::to_string(seed); }
  std::string file() const { return "recommender-" + name() + ".safetensors"; }
};
std::vector<Job> jobs_of(const Options& options);

// The model of such a file. Throws ag::InputError where they do not fit.
std::unique_ptr<models::SequentialRecommender> trained_recommender(const Options& options, const Job& job,
                                                                   int64_t items, const nn::TensorFile& file);

struct RecommendRequest {
  std::string out;                 // folder of a finished run
  std::string user;                // an id of the data; or
  std::vector<std::string> items;  // a history of item ids
  int64_t top = 10;
  std::string start = {};  // empty: p2rec, or the run's first start where it has none of that name
  uint64_t seed = 0;       // 0: the first of the run
};

// Prints the top items with titles for a user of the data or for a given history.
void recommend(const RecommendRequest& request, std::ostream& out);

}  // namespace p2rec
