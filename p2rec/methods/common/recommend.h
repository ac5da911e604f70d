// Recommends items with one of the recommenders that a run has trained.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "p2rec/methods/common/stages.h"

namespace p2rec {

enum class ListFormat : uint8_t {
  Table,  // for a person
  Tsv,    // user_id, rank (1 is first), item_id, score, title, below a header
  Json,   // a line for each user: {"user": ..., "items": [{"item": ..., "score": ..., "title": ...}, ...]}
};

struct RecommendRequest {
  std::vector<std::string> users = {};  // ids of the data; or
  bool all_users = false;               // all of them; or
  std::vector<std::string> items = {};  // one history of item ids, the latest one last
  int64_t top = 10;
  ListFormat format = ListFormat::Table;
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

// Prints the top items of each user, in the order of the request, without those that the user has. A history has
// no user: the field is empty, in JSON null. Throws ag::InputError before anything is printed.
void recommend(const RecommendRequest& request, const TrainedRun& run, std::ostream& out);

}  // namespace p2rec
