#include "p2rec/evaluation/ranking_results.h"

#include <fmt/format.h>

namespace p2rec {

Results ranking_results(const std::vector<RankedUser>& users, const RankingConfig& config) {
  const std::string rivals = config.against != RankedAgainst::Catalogue
                                 ? fmt::format("{} sampled items", config.negatives)
                             : config.filter_history ? "all items that the user does not have yet"
                                                     : "all items";
  Results results;
  results.about = "Each user’s last item is ranked among " + rivals +
                  ": HR@K is the share of users whose item is among the first K, NDCG@K also counts how far "
                  "in front it is.";
  results.unit = "user";
  results.measures = measure_names(config.cutoffs);
  results.headline = {"HR@10", "NDCG@10"};
  results.splits = splits_of(users);
  return results;
}

}  // namespace p2rec
