// The statistics of results.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "autograd/check.h"
#include "autograd/rng.h"
#include "p2rec/results.h"

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

Estimate estimate(const std::vector<double>& values) {
  Estimate e;
  for (double v : values) e.mean += v / static_cast<double>(values.size());
  for (double v : values) e.std += (v - e.mean) * (v - e.mean);
  e.std = values.size() > 1 ? std::sqrt(e.std / static_cast<double>(values.size() - 1)) : 0;
  return e;
}

// What one user's rank is worth.
double gain(int64_t rank, int cutoff, bool hr) {
  if (rank >= cutoff) return 0;
  return hr ? 1 : 1 / std::log2(static_cast<double>(rank) + 2);
}

using Ranks = std::vector<const std::vector<int64_t>*>;  // per seed, per user

Difference difference(const Ranks& ours, const Ranks& random, int cutoff, bool hr) {
  const size_t S = ours.size(), U = ours[0]->size();
  std::vector<std::vector<double>> d(S, std::vector<double>(U));  // per seed and user
  std::vector<double> per_seed(S, 0);
  for (size_t s = 0; s < S; ++s) {
    for (size_t u = 0; u < U; ++u) {
      d[s][u] = gain((*ours[s])[u], cutoff, hr) - gain((*random[s])[u], cutoff, hr);
      per_seed[s] += d[s][u] / static_cast<double>(U);
    }
  }
  const Estimate e = estimate(per_seed);
  std::vector<double> samples(kBootstrapSamples, 0);
  for (uint32_t b = 0; b < kBootstrapSamples; ++b) {
    const ag::RandomKey key{0, b, 4'000'000};
    uint64_t draw = 0;
    std::vector<size_t> seeds(S);
    for (size_t& s : seeds) s = ag::random_below(key, draw++, static_cast<uint32_t>(S));
    for (size_t i = 0; i < U; ++i) {
      const size_t u = ag::random_below(key, draw++, static_cast<uint32_t>(U));
      for (size_t s : seeds) samples[b] += d[s][u];
    }
    samples[b] /= static_cast<double>(S * U);
  }
  std::sort(samples.begin(), samples.end());
  const double resolvable = S > 1 ? t_quantile(S) * e.std / std::sqrt(static_cast<double>(S)) : INFINITY;
  return {e.mean, samples[kBootstrapSamples / 40], samples[kBootstrapSamples - 1 - kBootstrapSamples / 40],
          resolvable};
}

Ranks ranks_of(const std::vector<ResultRow>& rows, const std::string& start,
               const std::set<uint64_t>& seeds) {
  Ranks ranks;
  for (const ResultRow& row : rows) {
    if (row.start == start && seeds.contains(row.seed)) ranks.push_back(&row.ranks);
  }
  return ranks;
}

}  // namespace

std::vector<StartSummary> summarise(const std::vector<ResultRow>& rows) {
  std::vector<StartSummary> summary;
  std::vector<std::string> starts;
  std::map<std::string, std::set<uint64_t>> seeds;
  for (const ResultRow& row : rows) {
    if (!seeds.contains(row.start)) starts.push_back(row.start);
    AG_CHECK(seeds[row.start].insert(row.seed).second, "summarise: two rows for start ", row.start,
             " and seed ", row.seed);
  }
  for (const std::string& start : starts) {
    StartSummary s;
    s.start = start;
    std::vector<std::vector<double>> hr, ndcg;
    for (const ResultRow& row : rows) {
      if (row.start != start) continue;
      s.model = row.model;
      s.cutoffs = row.metrics.cutoffs;
      s.epochs += static_cast<double>(row.epochs) / static_cast<double>(seeds[start].size());
      hr.resize(s.cutoffs.size());
      ndcg.resize(s.cutoffs.size());
      for (size_t i = 0; i < s.cutoffs.size(); ++i) {
        hr[i].push_back(row.metrics.hr[i]);
        ndcg[i].push_back(row.metrics.ndcg[i]);
      }
    }
    s.seeds = static_cast<int64_t>(seeds[start].size());
    for (const auto& values : hr) s.hr.push_back(estimate(values));
    for (const auto& values : ndcg) s.ndcg.push_back(estimate(values));
    if (start != "random" && seeds.contains("random") && seeds["random"] == seeds[start]) {
      const Ranks ours = ranks_of(rows, start, seeds[start]), random = ranks_of(rows, "random", seeds[start]);
      for (int cutoff : s.cutoffs) {
        s.hr_difference.push_back(difference(ours, random, cutoff, true));
        s.ndcg_difference.push_back(difference(ours, random, cutoff, false));
      }
    }
    summary.push_back(std::move(s));
  }
  return summary;
}

std::string summary_table(const std::vector<StartSummary>& summary) {
  std::string text = "start            HR@10         NDCG@10       NDCG@10 less random's      epochs\n";
  for (const StartSummary& s : summary) {
    const auto at10 =
        static_cast<size_t>(std::find(s.cutoffs.begin(), s.cutoffs.end(), 10) - s.cutoffs.begin());
    AG_CHECK(at10 < s.cutoffs.size(), "summary_table: there is no cutoff 10");
    std::string less;
    if (!s.ndcg_difference.empty()) {
      const Difference& d = s.ndcg_difference[at10];
      less = fmt::format("{:+.4f} [{:+.4f}, {:+.4f}]", d.mean, d.low, d.high);
    }
    text += fmt::format("{:<15}  {:.4f} ±{:.4f}  {:.4f} ±{:.4f}  {:<25}  {:>6.1f}\n", s.start,
                        s.hr[at10].mean, s.hr[at10].std, s.ndcg[at10].mean, s.ndcg[at10].std, less, s.epochs);
  }
  return text +
         fmt::format("mean ± standard deviation over {} seed{}; [95% bootstrap over users and seeds]\n",
                     summary.empty() ? 0 : summary[0].seeds,
                     !summary.empty() && summary[0].seeds == 1 ? "" : "s");
}

}  // namespace p2rec
