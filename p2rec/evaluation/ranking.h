// The rank of a target among other items, and HR@K, NDCG@K and MRR@K. evaluation.h chooses users and items.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "autograd/tensor.h"

namespace p2rec {

// --- ranks -------------------------------------------------------------------------------------------------

// Which items with the target's score are before it. AgainstTarget: all of them, so that metrics do not
// depend on the order of items, and a model that gives all items the same score gets 0. ByIndex: those with a
// higher index, as in published results of popularity.
enum class Ties : uint8_t { AgainstTarget, ByIndex };

// `removed`: items that are not ranked, usually the user's history, in any order, repeats allowed. The target
// is never removed. NaN or infinite scores and indices out of range throw ag::Error.

// rank = #(score > s) + #(other items with score == s that count as before), over the items that are not
// removed; 0 is first. scores (V). Takes O(V + R log R) for R removed items, and allocates nothing of size V.
int64_t rank_of_target(std::span<const ag::real> scores, int32_t target, std::span<const int32_t> removed,
                       Ties ties = Ties::AgainstTarget);

// The first `count` items, best first; ties: the higher index first. Fewer if fewer are left.
std::vector<int32_t> top_items(std::span<const ag::real> scores, int64_t count,
                               std::span<const int32_t> removed);

// The same rank, counted in pieces, for blocks of items and for sampled candidates. The rank is the sum of
// `before` over the pieces. count_before throws nothing, so that a parallel loop can call it; the caller adds
// up `not_finite` and passes it to check_finite.
struct ScoredItem {
  int32_t item;
  ag::real score;
};
struct Counted {
  int64_t before = 0;      // items before the target
  int64_t not_finite = 0;  // scores that are NaN or infinite
};
// scores[i] is the score of item first + i. `removed` may name any item, ascending without repeats
// (sorted_distinct).
Counted count_before(const ScoredItem& target, std::span<const ag::real> scores, int32_t first,
                     std::span<const int32_t> removed, Ties ties);
// scores[i] is the score of candidates[i]. The target is not a candidate.
Counted count_before(const ScoredItem& target, std::span<const ag::real> scores,
                     std::span<const int32_t> candidates, Ties ties);
std::vector<int32_t> sorted_distinct(std::span<const int32_t> items);
void check_finite(int64_t not_finite, int64_t scores);  // throws ag::Error unless not_finite is 0

// --- metrics -----------------------------------------------------------------------------------------------

enum class Measure : uint8_t { HR, NDCG, MRR };
constexpr Measure kMeasures[] = {Measure::HR, Measure::NDCG, Measure::MRR};
const char* name_of(Measure measure);  // "HR"

// One user's HR, NDCG or MRR: 1, 1 / log2(rank + 2) (Jarvelin and Kekalainen 2002; with one target the ideal
// ranking has gain 1) or 1 / (rank + 1) if rank < cutoff, else 0.
double gain(Measure measure, int64_t rank, int cutoff);

inline const std::vector<int> kUsualCutoffs = {5, 10, 20};

// "HR@5", "HR@10", ..., "MRR@20".
std::vector<std::string> measure_names(const std::vector<int>& cutoffs = kUsualCutoffs);
// gain() of each user by each of these measures, (measures, users). Throws ag::InputError without users.
std::vector<std::vector<double>> gains(const std::vector<int64_t>& ranks,
                                       const std::vector<int>& cutoffs = kUsualCutoffs);

// Mean gains over the users, by name: metrics.at("NDCG@10").
using Metrics = std::map<std::string, double>;
Metrics metrics_from_ranks(const std::vector<int64_t>& ranks,
                           const std::vector<int>& cutoffs = kUsualCutoffs);

}  // namespace p2rec
