#include "p2rec/evaluation/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "autograd/check.h"
#include "autograd/parallel.h"
#include "autograd/rng.h"
#include "p2rec/data/text_file.h"

namespace p2rec {
namespace {

// --- the bootstrap -----------------------------------------------------------------------------------------

constexpr int kBootstrapSamples = 2000;

// The 0.975 quantile of Student's t with n - 1 degrees of freedom; above 30, the normal distribution's.
double t_quantile(size_t n) {
  constexpr std::array<double, 30> kTable = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                             2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                             2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                                             2.060,  2.056, 2.052, 2.048, 2.045, 2.042};
  return n - 2 < kTable.size() ? kTable[n - 2] : 1.96;
}

// Two arms by one measure.
struct Compared {
  std::vector<std::vector<double>> difference;  // per seed and unit
  std::vector<double> samples;                  // of the bootstrap
};

Compared compared(size_t measure, const std::vector<UnitValues>& ours,
                  const std::vector<UnitValues>& baseline) {
  Compared c{{}, std::vector<double>(kBootstrapSamples)};
  for (size_t s = 0; s < ours.size(); ++s) {
    c.difference.push_back(ours[s][measure]);
    for (size_t u = 0; u < c.difference[s].size(); ++u) c.difference[s][u] -= baseline[s][measure][u];
  }
  return c;
}

// Draws seeds and units with replacement, the same for all measures.
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
  std::ranges::sort(c.samples);
  const double resolvable = S > 1 ? t_quantile(S) * e.std / std::sqrt(static_cast<double>(S)) : INFINITY;
  return {e.mean, c.samples[kBootstrapSamples / 40],
          c.samples[kBootstrapSamples - 1 - kBootstrapSamples / 40], resolvable};
}

// --- summaries and tables ----------------------------------------------------------------------------------

using ArmRows = std::vector<const ResultRow*>;

ArmRows rows_of(const Results& results, const std::string& arm) {
  ArmRows rows;
  std::set<uint64_t> seeds;
  for (const ResultRow& row : results.rows) {
    if (row.arm != arm) continue;
    AG_CHECK(seeds.insert(row.seed).second, "summarise: two rows of ", arm, " with seed ", row.seed);
    AG_CHECK(row.facts.size() == results.facts.size() && row.values.size() == results.measures.size(),
             "summarise: ", arm, " has other facts or measures than the rest");
    for (const auto& values : row.values)
      AG_CHECK(values.size() == results.rows[0].values[0].size(), "summarise: ", arm,
               " has other units than the rest");
    rows.push_back(&row);
  }
  AG_CHECK(!rows.empty(), "summarise: no row of ", arm);
  return rows;
}

// Rows of an arm and of the baseline, pair by pair. None: they are not compared.
struct Pairs {
  ArmRows ours, baseline;
};

// All rows, if both have the same seeds in the same order.
Pairs same_seeds(const ArmRows& ours, const ArmRows& baseline) {
  const bool same = std::ranges::equal(ours, baseline, {}, &ResultRow::seed, &ResultRow::seed);
  return same ? Pairs{ours, baseline} : Pairs();
}

// The rows with seeds that both have. The one row of a seedless arm goes with every row of the other.
Pairs common_seeds(const ArmRows& ours, const ArmRows& baseline, const std::vector<std::string>& seedless) {
  const auto any_seed = [&](const ResultRow* row) { return std::ranges::count(seedless, row->arm) > 0; };
  Pairs pairs;
  for (const ResultRow* a : ours) {
    for (const ResultRow* b : baseline) {
      if (a->seed != b->seed && !any_seed(a) && !any_seed(b)) continue;
      pairs.ours.push_back(a);
      pairs.baseline.push_back(b);
    }
  }
  return pairs;
}

// The values of each row for the split's units; if `split` is null, for all units.
std::vector<UnitValues> values_of(const ArmRows& rows, const Split* split) {
  std::vector<UnitValues> values;
  for (const ResultRow* row : rows) {
    UnitValues& of_row = values.emplace_back(row->values);
    if (!split) continue;
    for (std::vector<double>& of_measure : of_row) {
      std::vector<double> of_split;
      for (const size_t unit : split->members) of_split.push_back(of_measure.at(unit));
      of_measure = std::move(of_split);
    }
  }
  return values;
}

std::vector<double> means_of(const UnitValues& values) {
  std::vector<double> means;
  for (const std::vector<double>& of_measure : values) {
    const double sum = std::accumulate(of_measure.begin(), of_measure.end(), 0.0);
    means.push_back(sum / static_cast<double>(of_measure.size()));
  }
  return means;
}

// Adds a part to the summary of an arm.
void add_part(ArmSummary& arm, const ArmRows& rows, const Pairs& pairs, const Split* split) {
  const std::vector<UnitValues> values = values_of(rows, split);
  for (size_t s = 0; s < rows.size(); ++s) arm.seeds[s].means.push_back(means_of(values[s]));
  std::vector<Estimate>& metrics = arm.metrics.emplace_back();
  for (size_t m = 0; m < values[0].size(); ++m) {
    std::vector<double> of_seeds;
    for (const SeedSummary& seed : arm.seeds) of_seeds.push_back(seed.means.back()[m]);
    metrics.push_back(estimate(of_seeds));
  }
  if (!pairs.ours.empty())
    arm.differences.push_back(differences(values_of(pairs.ours, split), values_of(pairs.baseline, split)));
}

ArmSummary summarise(const Arm& arm, const ArmRows& rows, const Pairs& pairs, const Results& results) {
  ArmSummary summary{arm, std::vector<double>(results.facts.size()), {}, {}, {}};
  for (const ResultRow* row : rows) summary.seeds.push_back({row->seed, row->facts, row->doubt, {}});
  for (size_t f = 0; f < results.facts.size(); ++f) {
    std::vector<double> known;
    for (const ResultRow* row : rows) {
      if (!std::isnan(row->facts[f])) known.push_back(row->facts[f]);
    }
    summary.facts[f] = known.empty() ? NAN : estimate(known).mean;
  }
  add_part(summary, rows, pairs, nullptr);
  for (const Split& split : results.splits) add_part(summary, rows, pairs, &split);
  return summary;
}

using Pairing = std::function<Pairs(const ArmRows& ours, const ArmRows& baseline)>;

Summary summarise_with(const Results& results, const Pairing& paired) {
  Summary summary{results, {}, {}};
  AG_CHECK(!results.rows.empty(), "summarise: there are no results");
  summary.parts = {{"all", "", static_cast<int64_t>(results.rows[0].values.at(0).size())}};
  for (const Split& split : results.splits)
    summary.parts.push_back({split.name, split.meaning, static_cast<int64_t>(split.members.size())});
  const bool has_baseline = std::ranges::count(results.arms, results.baseline, &Arm::name) > 0;
  const ArmRows baseline = has_baseline ? rows_of(results, results.baseline) : ArmRows();
  for (const Arm& arm : results.arms) {
    const ArmRows rows = rows_of(results, arm.name);
    const Pairs pairs = arm.name == results.baseline ? Pairs() : paired(rows, baseline);
    summary.arms.push_back(summarise(arm, rows, pairs, results));
  }
  return summary;
}

// The first two facts.
std::vector<std::string> shown_facts(const Summary& summary) {
  return {summary.facts.begin(), summary.facts.begin() + std::min<ptrdiff_t>(2, std::ssize(summary.facts))};
}

size_t arm_width(const Summary& summary) {
  size_t width = 14;
  for (const ArmSummary& arm : summary.arms) width = std::max(width, arm.name.size());
  return width;
}

// The facts in a table's line, or their names in its head.
template <class Text>
std::string fact_columns(const Summary& summary, const Text& text_of) {
  std::string columns;
  for (size_t f = 0; f < shown_facts(summary).size(); ++f) columns += fmt::format(" {:>6}", text_of(f));
  return columns;
}

bool facts_fit(const Summary& summary) {
  const size_t measures = 8 * summary.headline.size() + 8, difference = summary.baseline.empty() ? 0 : 27;
  return arm_width(summary) + measures + difference + 7 * shown_facts(summary).size() <= 80;
}

std::string table_head(const Summary& summary) {
  std::string head = fmt::format("{:<{}}", summary.arm, arm_width(summary));
  for (const std::string& measure : summary.headline)
    head += fmt::format("  {:<{}}", measure, measure == summary.headline.back() ? 14 : 6);
  if (!summary.baseline.empty())
    head += fmt::format("  {:<25}", "d" + summary.headline.back() + " vs " + summary.baseline);
  return head;
}

std::string table_line(const Summary& summary, const ArmSummary& arm, size_t part) {
  std::string line = fmt::format("{:<{}}", arm.name, arm_width(summary));
  for (const std::string& measure : summary.headline) {
    const Estimate& e = arm.metrics[part][summary.index_of(measure)];
    line += fmt::format("  {:.4f}", e.mean);
    if (measure == summary.headline.back())
      line += std::isnan(e.std) ? std::string(8, ' ') : fmt::format(" ±{:.4f}", e.std);
  }
  if (!arm.differences.empty()) {
    const Difference& d = arm.differences[part][summary.main_measure()];
    line += fmt::format("  {:<25}", fmt::format("{:+.4f} [{:+.4f}, {:+.4f}]", d.mean, d.low, d.high));
  } else if (!summary.baseline.empty()) {
    line += std::string(27, ' ');
  }
  return line;
}

size_t seeds_of(const Summary& summary) {
  size_t most = 0;
  for (const ArmSummary& arm : summary.arms) most = std::max(most, arm.seeds.size());
  return most;
}

std::string table(const Summary& summary, size_t part) {
  const bool fit = facts_fit(summary);
  const std::string names = fact_columns(summary, [&](size_t f) { return summary.facts[f]; });
  std::string text = table_head(summary) + (fit ? names : "") + "\n";
  std::string below = fmt::format("{:<{}}{}\n", summary.arm, arm_width(summary), names);
  for (const ArmSummary& arm : summary.arms) {
    const std::string facts = fact_columns(summary, [&](size_t f) { return fact_text(arm, f); });
    text += table_line(summary, arm, part) + (fit ? facts : "") + "\n";
    below += fmt::format("{:<{}}{}\n", arm.name, arm_width(summary), facts);
  }
  return fit || part > 0 ? text : text + below;
}

}  // namespace

Estimate estimate(const std::vector<double>& values) {
  Estimate e;
  for (double v : values) e.mean += v / static_cast<double>(values.size());
  for (double v : values) e.std += (v - e.mean) * (v - e.mean);
  e.std = values.size() > 1 ? std::sqrt(e.std / static_cast<double>(values.size() - 1)) : NAN;
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

size_t Comparison::index_of(const std::string& measure) const {
  const auto found = std::ranges::find(measures, measure);
  AG_CHECK(found != measures.end(), "there is no measure ", measure);
  return static_cast<size_t>(found - measures.begin());
}

const ArmSummary* Summary::find(const std::string& name) const {
  const auto found = std::ranges::find(arms, name, &ArmSummary::name);
  return found == arms.end() ? nullptr : &*found;
}

Verdict verdict_of(const Summary& summary, const ArmSummary& arm) {
  const auto in_doubt = [](const ArmSummary& a) {
    return std::ranges::any_of(a.seeds, [](const SeedSummary& seed) { return !seed.doubt.empty(); });
  };
  const ArmSummary* baseline = summary.find(summary.baseline);
  if (in_doubt(arm) || (baseline && in_doubt(*baseline))) return Verdict::InDoubt;
  const Difference& d = arm.differences.at(0)[summary.main_measure()];
  if (!std::isfinite(d.resolvable)) return Verdict::OneSeed;  // that of the one pair
  if (std::abs(d.mean) < d.resolvable) return Verdict::NoDifference;
  return d.low > 0 ? Verdict::Better : d.high < 0 ? Verdict::Worse : Verdict::NoDifference;
}

const char* text_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Better:
      return "better";
    case Verdict::Worse:
      return "worse";
    case Verdict::NoDifference:
      return "no difference shown";
    case Verdict::OneSeed:
      return "one seed: no verdict";
    case Verdict::InDoubt:
      return "no verdict";
  }
  return "";
}

std::string fact_text(const ArmSummary& arm, size_t fact) {
  if (std::isnan(arm.facts[fact])) return "-";
  const auto known =
      std::ranges::count_if(arm.seeds, [&](const SeedSummary& s) { return !std::isnan(s.facts[fact]); });
  const std::string mean = fmt::format("{:.0f}", arm.facts[fact]);
  return known == std::ssize(arm.seeds) ? mean : fmt::format("{}({}/{})", mean, known, arm.seeds.size());
}

std::string note_of(const Summary& summary) {
  for (const ArmSummary& arm : summary.arms) {
    for (size_t f = 0; f < shown_facts(summary).size(); ++f) {
      if (fact_text(arm, f).ends_with(")")) return summary.note + "; (2/3): the mean of 2 of 3 seeds";
    }
  }
  return summary.note;
}

std::vector<std::string> doubts_of(const Summary& summary) {
  std::vector<std::string> lines;
  for (const ArmSummary& arm : summary.arms) {
    std::map<std::string, std::string> seeds;  // by doubt
    for (const SeedSummary& seed : arm.seeds) {
      std::string& of_doubt = seeds[seed.doubt];
      of_doubt += (of_doubt.empty() ? "" : ", ") + std::to_string(seed.seed);
    }
    seeds.erase("");
    for (const auto& [doubt, of] : seeds)
      lines.push_back(
          fmt::format("{}, seed{} {}: {}", arm.name, of.find(',') == of.npos ? "" : "s", of, doubt));
  }
  return lines;
}

Summary summarise(const Results& results) { return summarise_with(results, same_seeds); }

Summary summarise(const Results& results, const std::vector<std::string>& seedless) {
  return summarise_with(results, [&](const ArmRows& ours, const ArmRows& baseline) {
    return common_seeds(ours, baseline, seedless);
  });
}

std::string summary_table(const Summary& summary) {
  std::string text = table(summary, 0);
  if (seeds_of(summary) > 1)
    text += fmt::format("mean ± standard deviation over {} seeds; [95% bootstrap over {}s and seeds]\n",
                        seeds_of(summary), summary.unit);
  if (!summary.note.empty()) text += note_of(summary) + "\n";
  for (const std::string& doubt : doubts_of(summary)) text += wrapped("no verdict: " + doubt, 2) + "\n";
  return text;
}

std::string splits_text(const Summary& summary) {
  std::string text = summary_table(summary);
  for (size_t p = 1; p < summary.parts.size(); ++p) {
    const UnitPart& part = summary.parts[p];
    text += fmt::format("\n{} {}s, {}: {}\n{}", part.units, summary.unit, part.name, part.meaning,
                        table(summary, p));
  }
  return text;
}

}  // namespace p2rec
