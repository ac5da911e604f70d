// ranks.tsv: every single rank of a run, from which all its metrics follow.
#pragma once

#include <string>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/data/interactions.h"
#include "p2rec/evaluation/user_splits.h"

namespace p2rec {

struct RanksColumn {
  std::string name;            // ARM-SEED
  std::vector<int64_t> ranks;  // per ranked user
};

// Tab-separated, a line for each ranked user: user_id, item_id (the target), history (interactions before it), item_count
// (the target's, in the training parts), rare (0 or 1), and the columns' ranks, 0 the first.
void write_ranks(const nn::Path& file, const Interactions& data, const std::vector<RankedUser>& users,
                 const std::vector<RanksColumn>& columns);

// The columns of ranks, at least one with at least one rank. Throws ag::InputError naming the file and the line.
std::vector<RanksColumn> read_ranks(const nn::Path& file);

}  // namespace p2rec
