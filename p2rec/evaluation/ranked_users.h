// What a ranking leaves: who was ranked, ranks.tsv, and results that are split by the target and the history.
#pragma once

#include <string>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/evaluation/evaluation.h"
#include "p2rec/evaluation/results.h"

namespace p2rec {

// One ranking: of whom, of what, and what was known before. In the order of ranked_users, as the ranks are.
struct RankedUser {
  int64_t user = 0;
  int32_t target = 0;
  int64_t history = 0;     // interactions before the target
  int64_t item_count = 0;  // of the target, in the training parts
  bool rare = false;       // the target is among the rare items
};
std::vector<RankedUser> describe_ranked_users(const Interactions& data, const std::vector<int64_t>& users,
                                              Target target);

// The rare items (V) are the half of the catalogue (rounded down) with the fewest interactions in the
// training parts; of equally frequent ones the lower index is the rarer.
std::vector<bool> rare_items(const Interactions& data);

// By target: rare, frequent; by history: short, long. Short is up to the (lower) median of the ranked users'
// histories. A split without users is left out.
std::vector<Split> splits_of(const std::vector<RankedUser>& users);

// The measures of gains(ranks, config.cutoffs), what they mean, and the users' splits; no arms, no rows.
Results ranking_results(const std::vector<RankedUser>& users, const RankingConfig& config);

// --- ranks.tsv: every single rank of a run, from which all its metrics follow ------------------------------

struct RanksColumn {
  std::string name;            // ARM-SEED
  std::vector<int64_t> ranks;  // per ranked user
};

// Tab-separated, a line for each ranked user: user_id, item_id (the target), history, item_count, rare (0 or
// 1), and the columns' ranks, 0 the first.
void write_ranks(const nn::Path& file, const Interactions& data, const std::vector<RankedUser>& users,
                 const std::vector<RanksColumn>& columns);

struct RanksTable {
  std::vector<std::string> units;  // "user_id\titem_id" of each ranked user
  std::vector<RanksColumn> columns;
};
// At least one column with at least one rank. Throws ag::InputError naming file and line.
RanksTable read_ranks(const nn::Path& file);

}  // namespace p2rec
