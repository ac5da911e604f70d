// The outcome of a ranking: the ranked users, ranks.tsv, and results split by target and history.
#pragma once

#include <string>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/evaluation/evaluation.h"
#include "p2rec/evaluation/results.h"

namespace p2rec {

// A ranked user: the target and the history before it. In the order of ranked_users, like the ranks.
struct RankedUser {
  int64_t user = 0;
  int32_t target = 0;
  int64_t history = 0;     // interactions before the target
  int64_t item_count = 0;  // of the target, in the training parts
  bool rare = false;       // the target is among the rare items
};
std::vector<RankedUser> describe_ranked_users(const Interactions& data, const std::vector<int64_t>& users,
                                              Target target);

// (V): true for the half of the items (rounded down) with the fewest interactions in the training parts;
// ties: the lower index is rarer.
std::vector<bool> rare_items(const Interactions& data);

// Splits by target (rare, frequent) and by history (short, long). A short history is at most as long as the
// (lower) median of the ranked users'. Leaves out a split without users.
std::vector<Split> splits_of(const std::vector<RankedUser>& users);

// Results with the measures of gains(ranks, config.cutoffs), their meaning and the users' splits; the caller
// adds arms and rows.
Results ranking_results(const std::vector<RankedUser>& users, const RankingConfig& config);

// --- ranks.tsv: all ranks of a run, from which all its metrics follow --------------------------------------

struct RanksColumn {
  std::string name;            // ARM-SEED
  std::vector<int64_t> ranks;  // per ranked user
};

// Tab-separated, one line per ranked user: user_id, item_id (the target), history, item_count, rare (0 or 1),
// and the columns' ranks; 0 is first.
void write_ranks(const nn::Path& file, const Interactions& data, const std::vector<RankedUser>& users,
                 const std::vector<RanksColumn>& columns);

struct RanksTable {
  std::vector<std::string> units;  // "user_id\titem_id" of each ranked user
  std::vector<RanksColumn> columns;
};
// Reads at least one column with at least one rank. Throws ag::InputError, which names the file and the line.
RanksTable read_ranks(const nn::Path& file);

}  // namespace p2rec
