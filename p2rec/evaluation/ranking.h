// The rank of a target among other items, and HR@K, NDCG@K and MRR@K (evaluation.h: who, against what).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "autograd/tensor.h"

namespace p2rec {

// --- ranks -------------------------------------------------------------------------------------------------

// Of items with the target's score, which are before it: all of them, so that figures do not depend on the names
// of items and a scorer that gives every item the same score gets nothing; or those of a higher index, as
// published rows of popularity were made.
enum class Ties : uint8_t { AgainstTarget, ByIndex };

// `removed` are items that do not compete, in any order, repeats allowed: usually the user's history. The
// target itself is never removed. NaN or infinite scores and indices out of range throw ag::Error.

// rank = #(score > s) + #(other items with score == s that count as before), over the items that are not
// removed; 0 is first. scores (V). O(V + R log R) for R removed items; nothing of size V is allocated.
int64_t rank_of_target(std::span<const ag::real> scores, int32_t target, std::span<const int32_t> removed,
                       Ties ties = Ties::AgainstTarget);

// The first `count` items, best first, of equal scores the higher index first; fewer if fewer are left.
std::vector<int32_t> top_items(std::span<const ag::real> scores, int64_t count,
                               std::span<const int32_t> removed);

// The same rank counted piece by piece, for blocks of items and for a few sampled candidates: the rank is the
// sum of `before` over the pieces. These throw nothing, so that a parallel loop can call them: the caller
// adds up `not_finite` and passes it to check_finite.
struct ScoredItem {
  int32_t item;
  ag::real score;
};
struct Counted {
  int64_t before = 0;      // items before the target
  int64_t not_finite = 0;  // scores that are NaN or infinite
};
// scores[i] is that of item first + i. `removed`: of all items, ascending without repeats (sorted_distinct).
Counted count_before(const ScoredItem& target, std::span<const ag::real> scores, int32_t first,
                     std::span<const int32_t> removed, Ties ties);
// scores[i] is that of candidates[i]; the target is not among them.
Counted count_before(const ScoredItem& target, std::span<const ag::real> scores,
                     std::span<const int32_t> candidates, Ties ties);
std::vector<int32_t> sorted_distinct(std::span<const int32_t> items);
void check_finite(int64_t not_finite, int64_t scores);  // throws ag::Error unless not_finite is 0

// --- metrics -----------------------------------------------------------------------------------------------

enum class Measure : uint8_t { HR, NDCG, MRR };
constexpr Measure kMeasures[] = {Measure::HR, Measure::NDCG, Measure::MRR};
const char* name_of(Measure measure);  // "HR"

// What one user's rank is worth: 0 from the cutoff on, before it 1, 1 / log2(rank + 2) (Jarvelin and
// Kekalainen 2002; with one target the ideal ranking has gain 1), 1 / (rank + 1).
double gain(Measure measure, int64_t rank, int cutoff);

inline const std::vector<int> kUsualCutoffs = {5, 10, 20};

// "HR@5", "HR@10", ..., "MRR@20".
std::vector<std::string> measure_names(const std::vector<int>& cutoffs = kUsualCutoffs);
// What each user's rank is worth by each of these, (measures, users). Throws ag::InputError without users.
std::vector<std::vector<double>> gains(const std::vector<int64_t>& ranks,
                                       const std::vector<int>& cutoffs = kUsualCutoffs);

// Mean gains over the users by name: metrics.at("NDCG@10").
using Metrics = std::map<std::string, double>;
Metrics metrics_from_ranks(const std::vector<int64_t>& ranks,
                           const std::vector<int>& cutoffs = kUsualCutoffs);

}  // namespace p2rec
