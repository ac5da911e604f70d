// The report's results: the arms with their spread and their differences to the baseline. Knows no method.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <ranges>

#include "p2rec/report/report.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

std::string interval_text(const Difference& d) {
  return fmt::format("{} [{}, {}]", difference_text(d.mean), difference_text(d.low), difference_text(d.high));
}

std::string estimate_text(const Estimate& e) {
  if (std::isnan(e.std)) return metric_text(e.mean);  // one seed
  return fmt::format("{} ± {}", metric_text(e.mean), metric_text(e.std));
}

std::string seeds_text(const Summary& s) {
  const size_t seeds = s.arms[0].seeds.size();
  return fmt::format("{} seed{}", seeds, seeds == 1 ? "" : "s");
}

std::string capitalised(std::string word) {
  if (!word.empty()) word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
  return escaped(word);
}

std::string difference_name(const Summary& s, const std::string& measure) {
  return s.baseline.empty() ? "" : "Δ" + measure + " vs " + s.baseline;
}

// --- tables ------------------------------------------------------------------------------------------------

std::string main_table(const Summary& s) {
  const bool compared = !s.baseline.empty();
  std::string rows, head = column(capitalised(s.arm));
  if (compared) head += column(escaped(difference_name(s, s.headline.back())));
  for (const std::string& measure : s.headline | std::views::reverse) head += column(escaped(measure));
  if (compared) head += column("resolvable");
  const size_t shown = std::min<size_t>(2, s.facts.size());
  for (size_t f = 0; f < shown; ++f) head += column(escaped(s.facts[f]));
  for (const ArmSummary& arm : s.arms) {
    const Difference* d = arm.differences.empty() ? nullptr : &arm.differences[0][s.main_measure()];
    std::string cells;
    if (compared) cells += d ? cell(interval_text(*d), text_of(verdict_of(s, arm))) : cell("–");
    for (const std::string& measure : s.headline | std::views::reverse)
      cells += cell(estimate_text(arm.metrics[0][s.index_of(measure)]));
    if (compared) cells += cell(d && std::isfinite(d->resolvable) ? metric_text(d->resolvable) : "–");
    for (size_t f = 0; f < shown; ++f) cells += cell(fact_text(arm, f));
    rows += row(escaped(arm.name), escaped(arm.meaning), cells, arm.is_the_method);
  }
  std::string caption =
      s.arms[0].seeds.size() > 1 ? "Mean ± standard deviation over " + seeds_text(s) : "Means";
  if (compared)
    caption += "; the difference to " + escaped(s.baseline) +
               " is paired, with a 95&#160;% bootstrap interval over\n" + escaped(s.unit) + "s and seeds";
  const std::string note = fmt::format(
      R"(<p class="note">resolvable: the smallest true difference that this number of seeds can show. An
interval over {}s and seeds can be narrower, but a smaller difference needs more seeds. In the plots, the
small dots below an interval are the single seeds. {}.</p>
)",
      escaped(s.unit), escaped(note_of(s)));
  return table("Results of each " + escaped(s.arm), caption, head, rows) + (compared ? note : "");
}

// One row per measure and one column per arm, because there are few arms and the page is narrow.
std::string measures_table(const Summary& s) {
  std::string head = column("Metric"), rows;
  for (const ArmSummary& arm : s.arms)
    head += column(escaped(arm.name), arm.is_the_method ? kMethodClass : "");
  for (size_t m = 0; m < s.measures.size(); ++m) {
    std::string cells;
    for (const ArmSummary& arm : s.arms)
      cells += fmt::format("<td{}>{}</td>", arm.is_the_method ? kMethodClass : "",
                           estimate_text(arm.metrics[0][m]));
    rows += row(escaped(s.measures[m]), "", cells);
  }
  return table(
      "All metrics",
      "All metrics: mean, ± standard deviation if there are several seeds. results.json has the values of "
      "each seed",
      head, rows);
}

// The main measure for each split, with the difference to the baseline if compared; empty without splits.
std::string splits_table(const Summary& s) {
  if (s.parts.size() < 2) return "";
  const std::string measure = escaped(s.headline.back());
  std::string head = column(capitalised(s.arm)), rows;
  for (size_t p = 1; p < s.parts.size(); ++p) {
    const UnitPart& part = s.parts[p];
    head += column(fmt::format("{}<small>{} {}s: {}</small>", escaped(part.name), count_text(part.units),
                               escaped(s.unit), escaped(part.meaning)));
  }
  for (const ArmSummary& arm : s.arms) {
    std::string cells;
    for (size_t p = 1; p < s.parts.size(); ++p)
      cells += cell(estimate_text(arm.metrics[p][s.main_measure()]),
                    arm.differences.empty() ? "" : interval_text(arm.differences[p][s.main_measure()]));
    rows += row(escaped(arm.name), "", cells, arm.is_the_method);
  }
  std::string caption =
      measure + " for some of the " + escaped(s.unit) + "s, mean ± standard deviation over several seeds";
  if (!s.baseline.empty())
    caption += "; below it the paired difference to " + escaped(s.baseline) + " with its 95&#160;% interval";
  return table("Splits of the " + escaped(s.unit) + "s", caption + ". results.json has the other metrics.",
               head, rows);
}

// --- plots -------------------------------------------------------------------------------------------------

// Adds a row for the arm with its seeds' values of measure m, minus the baseline's if one is given.
void add_row(SpreadPlot& plot, SpreadRow row, const ArmSummary& arm, size_t m, const ArmSummary* baseline) {
  row.label = arm.name;
  row.emphasised = arm.is_the_method;
  for (size_t i = 0; i < std::min(arm.seeds.size(), (baseline ? *baseline : arm).seeds.size()); ++i) {
    const double value = arm.seeds[i].means[0][m] - (baseline ? baseline->seeds[i].means[0][m] : 0);
    row.dots.emplace_back(value, fmt::format("seed {}: {}", arm.seeds[i].seed,
                                             baseline ? difference_text(value) : metric_text(value)));
  }
  plot.rows.push_back(std::move(row));
}

std::string means_figure(const Summary& s, const std::string& measure) {
  const size_t m = s.index_of(measure);
  const ArmSummary& reference = s.find(s.baseline) ? *s.find(s.baseline) : s.arms[0];
  SpreadPlot plot{{"mean-" + measure, fmt::format("{} of each {}", measure, s.arm),
                   "One row per " + s.arm +
                       ": its mean as a dot, one standard deviation to both sides as a line, and the single "
                       "seeds as small dots below. The table above has the numbers."},
                  measure,
                  {},
                  reference.metrics[0][m].mean};
  for (const ArmSummary& arm : s.arms) {
    const Estimate& e = arm.metrics[0][m];
    const double std = std::isnan(e.std) ? 0 : e.std;
    add_row(plot, {"", e.mean, e.mean - std, e.mean + std, estimate_text(e), {}}, arm, m, nullptr);
  }
  return figure(spread_plot(plot), fmt::format("{}: mean ± standard deviation; dashed: {}", escaped(measure),
                                               escaped(reference.name)));
}

// Empty if no arm was compared with the baseline.
std::string differences_figure(const Summary& s, const std::string& measure) {
  const size_t m = s.index_of(measure);
  const ArmSummary* baseline = s.find(s.baseline);
  SpreadPlot plot{{"difference-" + measure, difference_name(s, measure) + ", of each " + s.arm,
                   "One row per " + s.arm +
                       ": the mean paired difference as a dot, its 95 % interval as a line, and the single "
                       "seeds as small dots below. Right of zero is better than " +
                       s.baseline + "."},
                  difference_name(s, measure),
                  {},
                  0};
  for (const ArmSummary& arm : s.arms) {
    if (!baseline || arm.differences.empty()) continue;
    const Difference& d = arm.differences[0][m];
    add_row(plot, {"", d.mean, d.low, d.high, interval_text(d), {}}, arm, m, baseline);
  }
  if (plot.rows.empty()) return "";
  return figure(spread_plot(plot), fmt::format("{}: paired difference to {}, 95&#160;% interval",
                                               escaped(measure), escaped(s.baseline)));
}

// The difference to the baseline and the mean of each measure, the main measure first.
std::vector<std::string> summary_figures(const Summary& s) {
  std::vector<std::string> figures;
  for (const std::string& measure : s.headline | std::views::reverse) {
    for (std::string& drawn : std::vector{differences_figure(s, measure), means_figure(s, measure)}) {
      if (!drawn.empty()) figures.push_back(std::move(drawn));
    }
  }
  return figures;
}

// --- the first screen --------------------------------------------------------------------------------------

std::string conclusion(const Summary& s, const ArmSummary& ours) {
  switch (verdict_of(s, ours)) {
    case Verdict::Better:
      return "The " + escaped(s.arm) + " helps.";
    case Verdict::Worse:
      return "The " + escaped(s.arm) + " hurts.";
    case Verdict::NoDifference:
      return "No difference is shown.";
    case Verdict::OneSeed:
      return "No verdict, because one seed shows no spread; use more seeds.";
    case Verdict::InDoubt:
      break;
  }
  return "No verdict.";
}

// The numbers of the verdict.
std::string explanation(const Summary& s, const ArmSummary& ours, const ArmSummary& baseline) {
  return fmt::format("<p>With the {0} {1} ({2}), {3} is {4}; with {5} ({6}), it is {7}.</p>\n",
                     escaped(s.arm), escaped(ours.name), escaped(ours.meaning), escaped(s.headline.back()),
                     metric_text(ours.metrics[0][s.main_measure()].mean), escaped(baseline.name),
                     escaped(baseline.meaning), metric_text(baseline.metrics[0][s.main_measure()].mean));
}

// The doubts about the verdict; also where no method was compared.
std::string doubts_list(const Summary& s) {
  std::string doubts;
  for (const std::string& doubt : doubts_of(s)) doubts += "<li>" + escaped(doubt) + "</li>\n";
  return doubts.empty() ? "" : "<ul class=\"note\">\n" + doubts + "</ul>\n";
}

bool evaluated(const ReportData& data) { return data.run.results && data.done(data.run.evaluated_by); }

}  // namespace

std::string verdict(const ReportData& data) {
  if (!evaluated(data)) return "";
  const Summary& s = *data.run.results;
  const auto ours = std::ranges::find(s.arms, true, &ArmSummary::is_the_method);
  const ArmSummary* baseline = s.find(s.baseline);
  std::string found, why = doubts_list(s);
  if (ours != s.arms.end() && baseline && !ours->differences.empty()) {
    found = fmt::format(
        R"(<div><p class="verdict">{}</p>
<p class="difference">{}: <strong>{}</strong> <span>paired, 95&#160;% interval, {}</span></p></div>
)",
        conclusion(s, *ours), escaped(difference_name(s, s.headline.back())),
        interval_text(ours->differences[0][s.main_measure()]), seeds_text(s));
    why = explanation(s, *ours, *baseline) + why;
  }
  if (!why.empty()) why = "<div>" + why + "</div>\n";
  return "<div class=\"first\">\n" + found + summary_figures(s).at(0) + why + "</div>\n";
}

std::string results_section(const ReportData& data) {
  if (!evaluated(data)) return missing("this run has not been evaluated.");
  const Summary& s = *data.run.results;
  std::string figures;
  for (const std::string& other : summary_figures(s) | std::views::drop(1)) figures += other;
  return "<p>" + escaped(s.about) + "</p>\n" + main_table(s) + "<div class=\"figures pairs\">\n" + figures +
         "</div>\n" + measures_table(s) + splits_table(s);
}

}  // namespace p2rec
