// Where a target stands among other items, and what follows for HR@K, NDCG@K and MRR@K. Who is ranked, and against what,
// says evaluation.h.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "autograd/tensor.h"

namespace p2rec {

// --- ranks -------------------------------------------------------------------------------------------------

// THE rule of order, for every model: the higher score is first; of equal scores the higher index is first.
// So a scorer that gives every item the same score looks no better than it is.
//
// `removed` are items that do not compete, in any order, repeats allowed: usually the user's history. The
// target itself is never removed. NaN or infinite scores throw ag::Error, as do indices outside the
// catalogue.

// rank = #(score > s) + #(score == s and index > target's), over the items that are not removed; 0 is the
// first place. scores (V). O(V + R log R) for R removed items; nothing of size V is allocated.
int64_t rank_of_target(std::span<const ag::real> scores, int32_t target, std::span<const int32_t> removed);

// The first `count` items, best first; fewer if fewer are left.
std::vector<int32_t> top_items(std::span<const ag::real> scores, int64_t count,
                               std::span<const int32_t> removed);

// The same rank counted piece by piece, for catalogues that are scored a block of items at a time and for a few sampled
// candidates: the rank is the sum of `before` over the pieces. These throw nothing, so that a parallel loop can call them:
// the caller adds up `not_finite` and passes it to check_finite.
struct ScoredItem {
  int32_t item;
  ag::real score;
};
struct Counted {
  int64_t before = 0;      // items that stand before the target
  int64_t not_finite = 0;  // scores that are NaN or infinite
};
// scores[i] is that of item first + i. `removed` is ascending without repeats (sorted_distinct), of all items.
Counted count_before(const ScoredItem& target, std::span<const ag::real> scores, int32_t first,
                     std::span<const int32_t> removed);
// scores[i] is that of candidates[i]; the target is not among them.
Counted count_before(const ScoredItem& target, std::span<const ag::real> scores,
                     std::span<const int32_t> candidates);
std::vector<int32_t> sorted_distinct(std::span<const int32_t> items);
void check_finite(int64_t not_finite, int64_t scores);  // throws ag::Error unless not_finite is 0

// --- metrics -----------------------------------------------------------------------------------------------

enum class Measure : uint8_t { HR, NDCG, MRR };
constexpr Measure kMeasures[] = {Measure::HR, Measure::NDCG, Measure::MRR};
const char* name_of(Measure measure);  // "HR"

// What one user's rank is worth: 0 from the cutoff on, before it 1, 1 / log2(rank + 2) (Jarvelin and Kekalainen 2002;
// with one target the ideal ranking has gain 1), 1 / (rank + 1).
double gain(Measure measure, int64_t rank, int cutoff);

// Something for each measure at each cutoff.
template <class T>
struct PerMeasure {
  std::vector<T> hr, ndcg, mrr;
  std::vector<T>& of(Measure m) { return m == Measure::HR ? hr : m == Measure::NDCG ? ndcg : mrr; }
  const std::vector<T>& of(Measure m) const { return const_cast<PerMeasure*>(this)->of(m); }
};

struct Metrics : PerMeasure<double> {
  std::vector<int> cutoffs;  // K
  int64_t users = 0;
  // At a cutoff K, which must be one of the cutoffs.
  double ndcg_at(int k) const { return ndcg[place_of(k)]; }
  double hr_at(int k) const { return hr[place_of(k)]; }

 private:
  size_t place_of(int k) const;
};

inline const std::vector<int> kUsualCutoffs = {5, 10, 20};

// The mean gains over the users. Throws ag::InputError if there is no user.
Metrics metrics_from_ranks(const std::vector<int64_t>& ranks,
                           const std::vector<int>& cutoffs = kUsualCutoffs);

}  // namespace p2rec
