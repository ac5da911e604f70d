// ranks.tsv: every single rank of a run, from which all its metrics follow.
#pragma once

#include <string>
#include <vector>

#include "p2rec/data/interactions.h"
#include "p2rec/evaluation/user_splits.h"
#include "p2rec/run/results.h"

namespace p2rec {

// Tab-separated, a line for each ranked user: user_id, item_id (the target), history (interactions before it), item_count
// (the target's, in the training parts), rare (0 or 1), and the rank of each recommender, 0 the first, in a column START-SEED.
void write_ranks(const nn::Path& file, const Interactions& data, const std::vector<RankedUser>& users,
                 const std::vector<ResultRow>& rows);

struct RanksColumn {
  std::string name;            // START-SEED
  std::vector<int64_t> ranks;  // per ranked user
};
// The columns of the recommenders, at least one with at least one rank. Throws ag::InputError naming the file and the line.
std::vector<RanksColumn> read_ranks(const nn::Path& file);

}  // namespace p2rec
