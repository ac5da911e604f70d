// What a ranking evaluation says of its results, whichever method is evaluated.
#pragma once

#include <vector>

#include "p2rec/evaluation/evaluation.h"
#include "p2rec/evaluation/results.h"
#include "p2rec/evaluation/user_splits.h"

namespace p2rec {

// The measures of gains(ranks, config.cutoffs), what they mean, and the users' splits; no arms and no rows yet.
Results ranking_results(const std::vector<RankedUser>& users, const RankingConfig& config);

}  // namespace p2rec
