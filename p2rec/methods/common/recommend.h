// Recommends items with a recommender of a run.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "p2rec/methods/common/stages.h"

namespace p2rec {

enum class ListFormat : uint8_t {
  Table,  // aligned columns
  Tsv,    // a header, then user_id, rank (1 is first), item_id, score, title
  Json,   // one line per user: {"user": ..., "items": [{"item": ..., "score": ..., "title": ...}, ...]}
};

struct RecommendRequest {
  std::vector<std::string> users = {};  // user ids; or
  bool all_users = false;               // all users; or
  std::vector<std::string> items = {};  // one history of item ids, the latest one last
  int64_t top = 10;
  ListFormat format = ListFormat::Table;
  std::string start = {};  // the recommender's arm; empty: the method's own, else the run's first
  uint64_t seed = 0;       // 0: the run's first
};

// The parts of a run's settings that recommend() needs.
struct TrainedRun {
  nn::Path folder;
  const RunConfig& run;
  const RecommenderConfig& recommender;
  const ItemInitConfig& inits;
  std::string method;  // the arm with this name is the default
};

// Prints the top items of each user in the order of the request, without the items of the user's
// history. For a history given as items, the user is empty, null in JSON. Throws ag::InputError before
// anything is printed.
void recommend(const RecommendRequest& request, const TrainedRun& run, std::ostream& out);

}  // namespace p2rec
