#include "p2rec/ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/check.h"

namespace p2rec {
namespace {

using ag::real;
using Scores = std::span<const real>;

void check_finite(Scores scores) {
  int64_t bad = 0;
  for (real s : scores) bad += !(std::abs(s) <= std::numeric_limits<real>::max());  // true for NaN as well
  AG_CHECK(bad == 0, "ranking: ", bad, " of ", scores.size(),
           " scores are NaN or infinite; hint: has the training diverged?");
}

void check_item(Scores scores, int32_t item) {
  AG_CHECK(item >= 0 && static_cast<size_t>(item) < scores.size(), "ranking: item ", item, " of ",
           scores.size());
}

// The rule of order: whether item a stands before item b.
bool stands_before(Scores scores, int32_t a, int32_t b) {
  const real x = scores[static_cast<size_t>(a)], y = scores[static_cast<size_t>(b)];
  return x > y || (x == y && a > b);
}

}  // namespace

int64_t rank_of_target(Scores scores, int32_t target, std::span<const int32_t> removed) {
  check_item(scores, target);
  check_finite(scores);
  const auto place = static_cast<size_t>(target);
  const real score = scores[place];
  // All items first, in two loops without branches; then those before the target that were removed come off.
  int64_t rank = 0;
  for (real s : scores.first(place)) rank += s > score;
  for (real s : scores.subspan(place + 1)) rank += s >= score;

  std::vector<int32_t> before;  // never the target: it does not stand before itself
  for (int32_t item : removed) {
    check_item(scores, item);
    if (stands_before(scores, item, target)) before.push_back(item);
  }
  std::sort(before.begin(), before.end());
  return rank - (std::unique(before.begin(), before.end()) - before.begin());
}

std::vector<int32_t> top_items(Scores scores, int64_t count, std::span<const int32_t> removed) {
  AG_CHECK(count >= 0, "top_items: count is ", count);
  check_finite(scores);
  std::vector<bool> is_removed(scores.size());
  for (int32_t item : removed) {
    check_item(scores, item);
    is_removed[static_cast<size_t>(item)] = true;
  }
  std::vector<int32_t> items;
  for (size_t item = 0; item < scores.size(); ++item) {
    if (!is_removed[item]) items.push_back(static_cast<int32_t>(item));
  }
  const int64_t kept = std::min(count, static_cast<int64_t>(items.size()));
  std::partial_sort(items.begin(), items.begin() + kept, items.end(),
                    [&](int32_t a, int32_t b) { return stands_before(scores, a, b); });
  items.resize(static_cast<size_t>(kept));
  return items;
}

Metrics metrics_from_ranks(const std::vector<int64_t>& ranks, const std::vector<int>& cutoffs) {
  INPUT_CHECK(!ranks.empty(),
              "there is no user to evaluate; leave-one-out needs users with at least 3 interactions");
  Metrics metrics{cutoffs, {}, {}, static_cast<int64_t>(ranks.size())};
  for (int cutoff : cutoffs) {
    AG_CHECK(cutoff > 0, "metrics: the cutoff ", cutoff, " is not positive");
    double hits = 0, gain = 0;
    for (int64_t rank : ranks) {
      AG_CHECK(rank >= 0, "metrics: the rank ", rank, " is negative");
      if (rank >= cutoff) continue;
      hits += 1;
      gain += 1 / std::log2(static_cast<double>(rank) + 2);
    }
    const auto users = static_cast<double>(ranks.size());
    metrics.hr.push_back(hits / users);
    metrics.ndcg.push_back(gain / users);
  }
  return metrics;
}

}  // namespace p2rec
