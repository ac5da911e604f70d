#include "p2rec/evaluation/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "autograd/check.h"

namespace p2rec {
namespace {

using Rows = std::vector<const ResultRow*>;

Rows rows_of(const Results& results, const std::string& arm) {
  Rows rows;
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

bool same_seeds(const Rows& a, const Rows& b) {
  return std::ranges::equal(a, b, {}, &ResultRow::seed, &ResultRow::seed);
}

// Of all units where `split` is null.
UnitValues values_of(const ResultRow& row, const Split* split) {
  if (!split) return row.values;
  UnitValues values(row.values.size());
  for (size_t m = 0; m < values.size(); ++m) {
    for (const size_t unit : split->members) values[m].push_back(row.values[m].at(unit));
  }
  return values;
}

std::vector<UnitValues> values_of(const Rows& rows, const Split* split) {
  std::vector<UnitValues> values;
  for (const ResultRow* row : rows) values.push_back(values_of(*row, split));
  return values;
}

std::vector<double> means_of(const UnitValues& values) {
  std::vector<double> means;
  for (const std::vector<double>& of_measure : values) {
    double sum = 0;
    for (const double value : of_measure) sum += value;
    means.push_back(sum / static_cast<double>(of_measure.size()));
  }
  return means;
}

// Adds a part to the summary of an arm; `baseline` is null where there is nothing to compare with.
void add_part(ArmSummary& arm, const Rows& rows, const Rows* baseline, const Split* split) {
  const std::vector<UnitValues> values = values_of(rows, split);
  for (size_t s = 0; s < rows.size(); ++s) arm.seeds[s].means.push_back(means_of(values[s]));
  std::vector<Estimate>& metrics = arm.metrics.emplace_back();
  for (size_t m = 0; m < values[0].size(); ++m) {
    std::vector<double> of_seeds;
    for (const SeedSummary& seed : arm.seeds) of_seeds.push_back(seed.means.back()[m]);
    metrics.push_back(estimate(of_seeds));
  }
  if (baseline) arm.differences.push_back(differences(values, values_of(*baseline, split)));
}

ArmSummary summarise(const Arm& arm, const Rows& rows, const Rows* baseline, const Results& results) {
  ArmSummary summary{arm, std::vector<double>(results.facts.size()), {}, {}, {}};
  for (const ResultRow* row : rows) {
    summary.seeds.push_back({row->seed, row->facts, {}});
    for (size_t f = 0; f < row->facts.size(); ++f)
      summary.facts[f] += row->facts[f] / static_cast<double>(rows.size());
  }
  add_part(summary, rows, baseline, nullptr);
  for (const Split& split : results.splits) add_part(summary, rows, baseline, &split);
  return summary;
}

std::string table_head(const Summary& summary) {
  std::string head = fmt::format("{:<14}", summary.arm);
  for (const std::string& measure : summary.headline) head += fmt::format("  {:<14}", measure);
  const std::string less =
      summary.baseline.empty() ? "" : fmt::format("{} less {}'s", summary.headline.back(), summary.baseline);
  return head + fmt::format("  {:<25} {:>6}\n", less, summary.facts.empty() ? "" : summary.facts[0]);
}

std::string table_line(const Summary& summary, const ArmSummary& arm, size_t part) {
  std::string line = fmt::format("{:<14}", arm.name);
  for (const std::string& measure : summary.headline) {
    const Estimate& e = arm.metrics[part][summary.index_of(measure)];
    line += fmt::format("  {:.4f} ±{:.4f}", e.mean, e.std);
  }
  std::string less;
  if (!arm.differences.empty()) {
    const Difference& d = arm.differences[part][summary.main_measure()];
    less = fmt::format("{:+.4f} [{:+.4f}, {:+.4f}]", d.mean, d.low, d.high);
  }
  return line +
         fmt::format("  {:<26} {:>5}\n", less, arm.facts.empty() ? "" : fmt::format("{:.1f}", arm.facts[0]));
}

std::string table(const Summary& summary, size_t part) {
  std::string text = table_head(summary);
  for (const ArmSummary& arm : summary.arms) text += table_line(summary, arm, part);
  return text;
}

}  // namespace

size_t Comparison::index_of(const std::string& measure) const {
  const auto found = std::find(measures.begin(), measures.end(), measure);
  AG_CHECK(found != measures.end(), "there is no measure ", measure);
  return static_cast<size_t>(found - measures.begin());
}

const ArmSummary* Summary::find(const std::string& name) const {
  const auto found = std::ranges::find(arms, name, &ArmSummary::name);
  return found == arms.end() ? nullptr : &*found;
}

Summary summarise(const Results& results) {
  Summary summary{results, {}, {}};
  AG_CHECK(!results.rows.empty(), "summarise: there are no results");
  summary.parts = {{"all", "", static_cast<int64_t>(results.rows[0].values.at(0).size())}};
  for (const Split& split : results.splits)
    summary.parts.push_back({split.name, split.meaning, static_cast<int64_t>(split.members.size())});
  const bool has_baseline =
      std::ranges::any_of(results.arms, [&](const Arm& arm) { return arm.name == results.baseline; });
  const Rows baseline = has_baseline ? rows_of(results, results.baseline) : Rows();
  for (const Arm& arm : results.arms) {
    const Rows rows = rows_of(results, arm.name);
    const bool comparable = arm.name != results.baseline && same_seeds(rows, baseline);
    summary.arms.push_back(summarise(arm, rows, comparable ? &baseline : nullptr, results));
  }
  return summary;
}

std::string summary_table(const Summary& summary) {
  const size_t seeds = summary.arms.empty() ? 0 : summary.arms[0].seeds.size();
  return table(summary, 0) +
         fmt::format("mean ± standard deviation over {} seed{}; [95% bootstrap over {}s and seeds]\n", seeds,
                     seeds == 1 ? "" : "s", summary.unit);
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
