#include "p2rec/evaluation/bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "autograd/parallel.h"
#include "autograd/rng.h"

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

// One measure.
struct Compared {
  std::vector<std::vector<double>> difference;  // per seed and unit
  std::vector<double> samples;                  // of the bootstrap
};

Compared compared(size_t measure, const std::vector<UnitValues>& ours,
                  const std::vector<UnitValues>& baseline) {
  const size_t S = ours.size(), U = ours[0][measure].size();
  Compared c{std::vector(S, std::vector<double>(U)), std::vector<double>(kBootstrapSamples)};
  for (size_t s = 0; s < S; ++s) {
    for (size_t u = 0; u < U; ++u) c.difference[s][u] = ours[s][measure][u] - baseline[s][measure][u];
  }
  return c;
}

// Draws seeds and units with replacement; one drawing serves all measures.
void bootstrap(std::vector<Compared>& all, size_t S, size_t U) {
  ag::parallel_for(kBootstrapSamples, static_cast<int64_t>(S * U), [&](int64_t b) {
    const ag::RandomKey key{0, static_cast<uint32_t>(b), ag::stream("bootstrap")};
    uint64_t draw = 0;
    std::vector<size_t> seeds(S), units(U);
    for (size_t& s : seeds) s = ag::random_below(key, draw++, static_cast<uint32_t>(S));
    for (size_t& u : units) u = ag::random_below(key, draw++, static_cast<uint32_t>(U));
    for (Compared& c : all) {
      double sum = 0;
      for (const size_t u : units) {
        for (const size_t s : seeds) sum += c.difference[s][u];
      }
      c.samples[static_cast<size_t>(b)] = sum / static_cast<double>(S * U);
    }
  });
}

Difference difference_of(Compared& c) {
  std::vector<double> per_seed;
  for (const std::vector<double>& units : c.difference) {
    double sum = 0;
    for (const double d : units) sum += d / static_cast<double>(units.size());
    per_seed.push_back(sum);
  }
  const Estimate e = estimate(per_seed);
  const size_t S = per_seed.size();
  std::sort(c.samples.begin(), c.samples.end());
  const double resolvable = S > 1 ? t_quantile(S) * e.std / std::sqrt(static_cast<double>(S)) : INFINITY;
  return {e.mean, c.samples[kBootstrapSamples / 40],
          c.samples[kBootstrapSamples - 1 - kBootstrapSamples / 40], resolvable};
}

}  // namespace

Estimate estimate(const std::vector<double>& values) {
  Estimate e;
  for (double v : values) e.mean += v / static_cast<double>(values.size());
  for (double v : values) e.std += (v - e.mean) * (v - e.mean);
  e.std = values.size() > 1 ? std::sqrt(e.std / static_cast<double>(values.size() - 1)) : 0;
  return e;
}

std::vector<Difference> differences(const std::vector<UnitValues>& ours,
                                    const std::vector<UnitValues>& baseline) {
  std::vector<Compared> all;
  for (size_t m = 0; m < ours[0].size(); ++m) all.push_back(compared(m, ours, baseline));
  bootstrap(all, ours.size(), ours[0][0].size());
  std::vector<Difference> result;
  for (Compared& c : all) result.push_back(difference_of(c));
  return result;
}

}  // namespace p2rec
