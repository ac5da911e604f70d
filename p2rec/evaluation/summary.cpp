// The statistics of results.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "autograd/check.h"
#include "autograd/parallel.h"
#include "autograd/rng.h"
#include "p2rec/run/results.h"

namespace p2rec {
namespace {

constexpr int kBootstrapSamples = 2000;

// The 0.975 quantile of Student's t with n - 1 degrees of freedom; beyond 30 the normal's is near enough.
double t_quantile(size_t n) {
  constexpr std::array<double, 30> kTable = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                             2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                             2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                                             2.060,  2.056, 2.052, 2.048, 2.045, 2.042};
  return n - 2 < kTable.size() ? kTable[n - 2] : 1.96;
}

using Ranks = std::vector<std::vector<int64_t>>;  // per seed, per user

// What is compared: a measure at a cutoff, and what each user's rank is worth by it, ours less random's.
struct Compared {
  Measure measure;
  std::vector<std::vector<double>> difference;  // per seed and user
  std::vector<double> samples;                  // of the bootstrap
};

Compared compared(Measure measure, int cutoff, const Ranks& ours, const Ranks& random) {
  const size_t S = ours.size(), U = ours[0].size();
  Compared c{measure, std::vector(S, std::vector<double>(U)), std::vector<double>(kBootstrapSamples)};
  for (size_t s = 0; s < S; ++s) {
    for (size_t u = 0; u < U; ++u)
      c.difference[s][u] = gain(measure, ours[s][u], cutoff) - gain(measure, random[s][u], cutoff);
  }
  return c;
}

// Draws seeds and users with replacement; one drawing serves all measures and cutoffs.
void bootstrap(std::vector<Compared>& all, size_t S, size_t U) {
  ag::parallel_for(kBootstrapSamples, static_cast<int64_t>(S * U), [&](int64_t b) {
    const ag::RandomKey key{0, static_cast<uint32_t>(b), ag::stream("bootstrap")};
    uint64_t draw = 0;
    std::vector<size_t> seeds(S), users(U);
    for (size_t& s : seeds) s = ag::random_below(key, draw++, static_cast<uint32_t>(S));
    for (size_t& u : users) u = ag::random_below(key, draw++, static_cast<uint32_t>(U));
    for (Compared& c : all) {
      double sum = 0;
      for (const size_t u : users) {
        for (const size_t s : seeds) sum += c.difference[s][u];
      }
      c.samples[static_cast<size_t>(b)] = sum / static_cast<double>(S * U);
    }
  });
}

Difference difference_of(Compared& c) {
  std::vector<double> per_seed;
  for (const std::vector<double>& users : c.difference) {
    double sum = 0;
    for (const double d : users) sum += d / static_cast<double>(users.size());
    per_seed.push_back(sum);
  }
  const Estimate e = estimate(per_seed);
  const size_t S = per_seed.size();
  std::sort(c.samples.begin(), c.samples.end());
  const double resolvable = S > 1 ? t_quantile(S) * e.std / std::sqrt(static_cast<double>(S)) : INFINITY;
  return {e.mean, c.samples[kBootstrapSamples / 40],
          c.samples[kBootstrapSamples - 1 - kBootstrapSamples / 40], resolvable};
}

PerMeasure<Difference> differences(const Ranks& ours, const Ranks& random, const std::vector<int>& cutoffs) {
  std::vector<Compared> all;
  for (const Measure measure : kMeasures) {
    for (const int cutoff : cutoffs) all.push_back(compared(measure, cutoff, ours, random));
  }
  bootstrap(all, ours.size(), ours[0].size());
  PerMeasure<Difference> result;
  for (Compared& c : all) result.of(c.measure).push_back(difference_of(c));
  return result;
}

// The rows of one start, and their seeds.
struct Start {
  std::string name;
  std::vector<const ResultRow*> rows;
  std::set<uint64_t> seeds;
};

std::vector<Start> starts_of(const std::vector<ResultRow>& rows) {
  std::vector<Start> starts;
  for (const ResultRow& row : rows) {
    auto start =
        std::find_if(starts.begin(), starts.end(), [&](const Start& s) { return s.name == row.start; });
    if (start == starts.end()) start = starts.insert(starts.end(), Start{row.start, {}, {}});
    AG_CHECK(start->seeds.insert(row.seed).second, "summarise: two rows for start ", row.start, " and seed ",
             row.seed);
    start->rows.push_back(&row);
  }
  return starts;
}

// Over all users, or over those of a split.
Ranks ranks_of(const Start& start, const Split* split) {
  Ranks ranks;
  for (const ResultRow* row : start.rows)
    ranks.push_back(split ? members_of(*split, row->ranks) : row->ranks);
  return ranks;
}

// `random` is null where there is nothing to compare with.
void summarise_ranks(const Start& start, const Start* random, const Split* split,
                     const std::vector<int>& cutoffs, MetricsSummary& summary) {
  const Ranks ranks = ranks_of(start, split);
  std::vector<Metrics> metrics;
  for (const auto& of_seed : ranks) metrics.push_back(metrics_from_ranks(of_seed, cutoffs));
  for (const Measure measure : kMeasures) {
    for (size_t k = 0; k < cutoffs.size(); ++k) {
      std::vector<double> values;
      for (const Metrics& m : metrics) values.push_back(m.of(measure)[k]);
      summary.of(measure).push_back(estimate(values));
    }
  }
  if (random) summary.difference = differences(ranks, ranks_of(*random, split), cutoffs);
}

std::string table_head() {
  return fmt::format("{:<14}  {:<14}  {:<14}  {:<25} {:>6}\n", "start", "HR@10", "NDCG@10",
                     "NDCG@10 less random's", "epochs");
}

// The line of a start, with the metrics of all users or of a split.
std::string table_line(const StartSummary& s, const MetricsSummary& metrics) {
  const size_t at10 = place_of_cutoff_10(s.cutoffs);
  std::string less;
  if (!metrics.difference.ndcg.empty()) {
    const Difference& d = metrics.difference.ndcg[at10];
    less = fmt::format("{:+.4f} [{:+.4f}, {:+.4f}]", d.mean, d.low, d.high);
  }
  return fmt::format("{:<14}  {:.4f} ±{:.4f}  {:.4f} ±{:.4f}  {:<26} {:>5.1f}\n", s.start,
                     metrics.hr[at10].mean, metrics.hr[at10].std, metrics.ndcg[at10].mean,
                     metrics.ndcg[at10].std, less, s.epochs);
}

}  // namespace

Estimate estimate(const std::vector<double>& values) {
  Estimate e;
  for (double v : values) e.mean += v / static_cast<double>(values.size());
  for (double v : values) e.std += (v - e.mean) * (v - e.mean);
  e.std = values.size() > 1 ? std::sqrt(e.std / static_cast<double>(values.size() - 1)) : 0;
  return e;
}

std::vector<SplitMetrics> split_metrics(const std::vector<int64_t>& ranks, const std::vector<Split>& splits,
                                        const std::vector<int>& cutoffs) {
  std::vector<SplitMetrics> metrics;
  for (const Split& split : splits)
    metrics.push_back({split.name, metrics_from_ranks(members_of(split, ranks), cutoffs)});
  return metrics;
}

std::vector<StartSummary> summarise(const std::vector<ResultRow>& rows, const std::vector<Split>& splits) {
  const std::vector<Start> starts = starts_of(rows);
  const auto random =
      std::find_if(starts.begin(), starts.end(), [](const Start& s) { return s.name == "random"; });
  std::vector<StartSummary> summary;
  for (const Start& start : starts) {
    const bool comparable = random != starts.end() && &start != &*random && random->seeds == start.seeds;
    const Start* compare_with = comparable ? &*random : nullptr;
    StartSummary& s = summary.emplace_back();
    s.model = start.rows[0]->model;
    s.start = start.name;
    s.seeds = static_cast<int64_t>(start.seeds.size());
    s.cutoffs = start.rows[0]->metrics.cutoffs;
    for (const ResultRow* row : start.rows)
      s.epochs += static_cast<double>(row->epochs) / static_cast<double>(s.seeds);
    summarise_ranks(start, compare_with, nullptr, s.cutoffs, s);
    for (const Split& split : splits) {
      SplitSummary& of_split = s.splits.emplace_back();
      of_split.name = split.name;
      of_split.users = static_cast<int64_t>(split.members.size());
      summarise_ranks(start, compare_with, &split, s.cutoffs, of_split);
    }
  }
  return summary;
}

size_t place_of_cutoff_10(const std::vector<int>& cutoffs) {
  const auto place = std::find(cutoffs.begin(), cutoffs.end(), 10);
  AG_CHECK(place != cutoffs.end(), "there is no cutoff 10");
  return static_cast<size_t>(place - cutoffs.begin());
}

std::string summary_table(const std::vector<StartSummary>& summary) {
  std::string text = table_head();
  for (const StartSummary& s : summary) text += table_line(s, s);
  return text +
         fmt::format("mean ± standard deviation over {} seed{}; [95% bootstrap over users and seeds]\n",
                     summary.empty() ? 0 : summary[0].seeds,
                     !summary.empty() && summary[0].seeds == 1 ? "" : "s");
}

std::string splits_text(const std::vector<StartSummary>& summary) {
  std::string text = summary_table(summary);
  const std::vector<SplitSummary> none, &splits = summary.empty() ? none : summary[0].splits;
  for (size_t i = 0; i < splits.size(); ++i) {
    text += fmt::format("\n{} users, {}: {}\n{}", splits[i].users, splits[i].name,
                        meaning_of_split(splits[i].name), table_head());
    for (const StartSummary& s : summary) {
      AG_CHECK(i < s.splits.size() && s.splits[i].name == splits[i].name, "splits_text: ", s.start,
               " has other splits than ", summary[0].start);
      text += table_line(s, s.splits[i]);
    }
  }
  return text;
}

}  // namespace p2rec
