#include "p2rec/evaluation/ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/check.h"

namespace p2rec {
namespace {

using ag::real;
using Scores = std::span<const real>;

bool is_finite(real score) { return std::abs(score) <= std::numeric_limits<real>::max(); }  // NaN is not

void check_item(Scores scores, int32_t item) {
  AG_CHECK(item >= 0 && static_cast<size_t>(item) < scores.size(), "ranking: item ", item, " of ",
           scores.size());
}

bool is_before(const ScoredItem& a, const ScoredItem& b, Ties ties) {
  return a.score > b.score || (a.score == b.score && (ties == Ties::AgainstTarget || a.item > b.item));
}

// A loop without branches, which the compiler can vectorise. Counts fit into 32 bits, as item indices do.
template <class IsBefore>
Counted count_all(Scores scores, const IsBefore& counts) {
  int32_t before = 0, bad = 0;
  for (const real s : scores) {
    before += counts(s);
    bad += !is_finite(s);
  }
  return {before, bad};
}

}  // namespace

Counted count_before(const ScoredItem& target, Scores scores, int32_t first, std::span<const int32_t> removed,
                     Ties ties) {
  // Counts all items first. With an equal score, an item of a higher index is before the target, one
  // of a lower index only with AgainstTarget. Then subtracts the removed items, except the target,
  // which was not counted.
  const int64_t size = std::ssize(scores);
  const auto lower = static_cast<size_t>(std::clamp<int64_t>(target.item - first, 0, size));
  const auto higher = static_cast<size_t>(std::clamp<int64_t>(int64_t{target.item} + 1 - first, 0, size));
  const Counted better = ties == Ties::ByIndex
                             ? count_all(scores.first(lower), [&](real s) { return s > target.score; })
                             : count_all(scores.first(lower), [&](real s) { return s >= target.score; });
  const Counted as_good = count_all(scores.subspan(higher), [&](real s) { return s >= target.score; });
  Counted counted{better.before + as_good.before, better.not_finite + as_good.not_finite};
  for (const real own : scores.subspan(lower, higher - lower)) counted.not_finite += !is_finite(own);

  const auto begin = std::lower_bound(removed.begin(), removed.end(), first);
  for (auto item = begin; item != removed.end() && *item - first < size; ++item)
    if (*item != target.item)
      counted.before -= is_before({*item, scores[static_cast<size_t>(*item - first)]}, target, ties);
  return counted;
}

Counted count_before(const ScoredItem& target, Scores scores, std::span<const int32_t> candidates,
                     Ties ties) {
  Counted counted;
  for (size_t i = 0; i < scores.size(); ++i) {
    counted.before += is_before({candidates[i], scores[i]}, target, ties);
    counted.not_finite += !is_finite(scores[i]);
  }
  return counted;
}

std::vector<int32_t> sorted_distinct(std::span<const int32_t> items) {
  std::vector<int32_t> sorted(items.begin(), items.end());
  std::ranges::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

void check_finite(int64_t not_finite, int64_t scores) {
  AG_CHECK(not_finite == 0, "ranking: ", not_finite, " of ", scores,
           " scores are NaN or infinite; hint: did the training diverge?");
}

int64_t rank_of_target(Scores scores, int32_t target, std::span<const int32_t> removed, Ties ties) {
  check_item(scores, target);
  for (const int32_t item : removed) check_item(scores, item);
  const ScoredItem wanted{target, scores[static_cast<size_t>(target)]};
  const Counted counted = count_before(wanted, scores, 0, sorted_distinct(removed), ties);
  check_finite(counted.not_finite, std::ssize(scores));
  return counted.before;
}

std::vector<int32_t> top_items(Scores scores, int64_t count, std::span<const int32_t> removed) {
  AG_CHECK(count >= 0, "top_items: count is ", count);
  check_finite(std::ssize(scores) - std::ranges::count_if(scores, is_finite), std::ssize(scores));
  std::vector<bool> is_removed(scores.size());
  for (int32_t item : removed) {
    check_item(scores, item);
    is_removed[static_cast<size_t>(item)] = true;
  }
  std::vector<int32_t> items;
  for (size_t item = 0; item < scores.size(); ++item) {
    if (!is_removed[item]) items.push_back(static_cast<int32_t>(item));
  }
  const auto scored = [&](int32_t item) { return ScoredItem{item, scores[static_cast<size_t>(item)]}; };
  const int64_t kept = std::min(count, std::ssize(items));
  std::partial_sort(items.begin(), items.begin() + kept, items.end(),
                    [&](int32_t a, int32_t b) { return is_before(scored(a), scored(b), Ties::ByIndex); });
  items.resize(static_cast<size_t>(kept));
  return items;
}

const char* name_of(Measure measure) {
  return measure == Measure::HR ? "HR" : measure == Measure::NDCG ? "NDCG" : "MRR";
}

double gain(Measure measure, int64_t rank, int cutoff) {
  if (rank >= cutoff) return 0;
  const auto place = static_cast<double>(rank);
  return measure == Measure::HR ? 1 : measure == Measure::NDCG ? 1 / std::log2(place + 2) : 1 / (place + 1);
}

std::vector<std::string> measure_names(const std::vector<int>& cutoffs) {
  std::vector<std::string> names;
  for (const Measure measure : kMeasures) {
    for (const int cutoff : cutoffs) names.push_back(name_of(measure) + ("@" + std::to_string(cutoff)));
  }
  return names;
}

std::vector<std::vector<double>> gains(const std::vector<int64_t>& ranks, const std::vector<int>& cutoffs) {
  INPUT_CHECK(!ranks.empty(),
              "there is no user to evaluate; leave-one-out needs users with at least 3 interactions");
  for (const int64_t rank : ranks) AG_CHECK(rank >= 0, "metrics: the rank ", rank, " is negative");
  std::vector<std::vector<double>> gains;
  for (const Measure measure : kMeasures) {
    for (const int cutoff : cutoffs) {
      AG_CHECK(cutoff > 0, "metrics: the cutoff ", cutoff, " is not positive");
      std::vector<double>& of_users = gains.emplace_back();
      for (const int64_t rank : ranks) of_users.push_back(gain(measure, rank, cutoff));
    }
  }
  return gains;
}

Metrics metrics_from_ranks(const std::vector<int64_t>& ranks, const std::vector<int>& cutoffs) {
  const std::vector<std::vector<double>> values = gains(ranks, cutoffs);
  const std::vector<std::string> names = measure_names(cutoffs);
  Metrics metrics;
  for (size_t m = 0; m < names.size(); ++m) {
    double sum = 0;
    for (const double gain : values[m]) sum += gain;
    metrics[names[m]] = sum / static_cast<double>(ranks.size());
  }
  return metrics;
}

}  // namespace p2rec
