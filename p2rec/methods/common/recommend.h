// Recommends items with one of the recommenders that a run has trained.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "p2rec/methods/common/stages.h"

namespace p2rec {

struct RecommendRequest {
  std::string user;                // an id of the data; or
  std::vector<std::string> items;  // a history of item ids, the latest one last
  int64_t top = 10;
  std::string start = {};  // the recommender's arm; empty: the method's own, or the run's first one
  uint64_t seed = 0;       // 0: the first of the run
};

// What it recommends with, of a run's settings.
struct TrainedRun {
  nn::Path folder;
  const RunConfig& run;
  const RecommenderConfig& recommender;
  const ItemInitConfig& inits;
  std::string method;  // the arm of its own name is the usual one
};

// Prints the top items with titles.
void recommend(const RecommendRequest& request, const TrainedRun& run, std::ostream& out);

}  // namespace p2rec
