// The report's sections about what was found: the starts, and the reconstruction.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "p2rec/report/report_format.h"
#include "p2rec/report/report_sections.h"

namespace p2rec {
namespace {

const char* meaning_of(const std::string& start) {
  if (start == "random") return "random numbers: no knowledge";
  if (start == "p2rec") return "the enhanced embeddings: the method";
  if (start == "p2rec_shuffled") return "the same, dealt out to the items at random";
  if (start == "llm_untuned") return "the language model’s embeddings without fine-tuning";
  if (start == "teacher") return "the teacher’s own item table";
  if (start == "groups") return "a random code for each group";
  if (start == "counts") return "nothing is learned: the most popular items for everybody";
  return "";
}

const char* verdict_of(const Difference& d) {
  if (d.low > 0) return "better";
  if (d.high < 0) return "worse";
  return "no difference shown";
}

std::string interval_text(const Difference& d) {
  return fmt::format("{} [{}, {}]", difference_text(d.mean), difference_text(d.low), difference_text(d.high));
}

std::string estimate_text(const Estimate& e) {
  return fmt::format("{} ± {}", metric_text(e.mean), metric_text(e.std));
}

std::string seeds_text(int64_t seeds) { return fmt::format("{} seed{}", seeds, seeds == 1 ? "" : "s"); }

const StartSummary* find_start(const Results& results, const std::string& start) {
  for (const StartSummary& s : results.summary) {
    if (s.start == start) return &s;
  }
  return nullptr;
}

bool evaluated(const ReportData& data) { return data.done(Stage::Evaluate) && !data.results.summary.empty(); }

// Sets the method's own row or column off from the controls.
const char* css_of_start(const StartSummary& s) { return s.start == "p2rec" ? R"( class="method")" : ""; }

// --- the starts --------------------------------------------------------------------------------------------

std::string main_table(const std::vector<StartSummary>& summary, size_t at10) {
  std::string rows;
  for (const StartSummary& s : summary) {
    std::string difference = "<td>–</td><td>–</td>";
    if (!s.difference.ndcg.empty()) {
      const Difference& d = s.difference.ndcg[at10];
      difference = fmt::format("<td>{}<small>{}</small></td><td>{}</td>", interval_text(d), verdict_of(d),
                               metric_text(d.resolvable));
    }
    rows += fmt::format(
        R"(<tr{}><th scope="row">{}<small>{}</small></th><td>{}</td><td>{}</td>{}<td>{}</td></tr>)"
        "\n",
        css_of_start(s), escaped(s.start), meaning_of(s.start), estimate_text(s.ndcg[at10]),
        estimate_text(s.hr[at10]), difference, mean_text(s.epochs));
  }
  return fmt::format(
      R"(<div class="wide" role="region" aria-label="Results of each start" tabindex="0"><table>
<caption>Mean ± standard deviation over {}; the difference to random is paired, with a 95&#160;% bootstrap interval over
users and seeds</caption>
<thead><tr><th scope="col">Start</th><th scope="col">NDCG@10</th><th scope="col">HR@10</th>
<th scope="col">NDCG@10 less random’s</th><th scope="col">seeds resolve</th><th scope="col">epochs</th></tr></thead>
<tbody>
{}</tbody></table></div>
)",
      seeds_text(summary[0].seeds), rows);
}

// A row for each metric and a column for each start: there are few starts, and the page is not much wider than six of them.
std::string cutoffs_table(const std::vector<StartSummary>& summary) {
  std::string head = R"(<th scope="col">Metric</th>)", rows;
  for (const StartSummary& s : summary)
    head += fmt::format(R"(<th scope="col"{}>{}</th>)", css_of_start(s), escaped(s.start));
  for (const Measure measure : {Measure::NDCG, Measure::HR, Measure::MRR}) {
    for (size_t k = 0; k < summary[0].of(measure).size(); ++k) {
      rows += fmt::format(R"(<tr><th scope="row">{}@{}</th>)", name_of(measure), summary[0].cutoffs[k]);
      for (const StartSummary& s : summary)
        rows += fmt::format("<td{}>{}</td>", css_of_start(s), estimate_text(s.of(measure)[k]));
      rows += "</tr>\n";
    }
  }
  return fmt::format(
      R"(<div class="wide" role="region" aria-label="All cutoffs" tabindex="0"><table>
<caption>All cutoffs, mean ± standard deviation over the seeds; results.json holds the single seeds in full</caption>
<thead><tr>{}</tr></thead>
<tbody>
{}</tbody></table></div>
)",
      head, rows);
}

// NDCG@10 for each split of the users, and less random's where that was compared; empty where there are no splits.
std::string splits_table(const std::vector<StartSummary>& summary, size_t at10) {
  if (summary[0].splits.empty()) return "";
  std::string head = R"(<th scope="col">Start</th>)", rows;
  for (const SplitSummary& split : summary[0].splits) {
    head += fmt::format(R"(<th scope="col">{}<small>{} users: {}</small></th>)", escaped(split.name),
                        count_text(split.users), meaning_of_split(split.name));
  }
  for (const StartSummary& s : summary) {
    rows += fmt::format(R"(<tr{}><th scope="row">{}</th>)", css_of_start(s), escaped(s.start));
    for (const SplitSummary& split : s.splits) {
      rows += "<td>" + estimate_text(split.ndcg[at10]);
      if (!split.difference.ndcg.empty())
        rows += "<small>" + interval_text(split.difference.ndcg[at10]) + "</small>";
      rows += "</td>";
    }
    rows += "</tr>\n";
  }
  return fmt::format(
      R"(<div class="wide" role="region" aria-label="Splits of the users" tabindex="0"><table>
<caption>NDCG@10 for some of the users, mean ± standard deviation over the seeds; below it the paired difference to random
with its 95&#160;% interval. results.json holds the other metrics, ranks.tsv the single ranks.</caption>
<thead><tr>{}</tr></thead>
<tbody>
{}</tbody></table></div>
)",
      head, rows);
}

// One of the two metrics at the cutoff 10.
struct Metric {
  const char *name, *id;
  bool hr;
  size_t at10;
  double of(const ResultRow& row) const { return (hr ? row.metrics.hr : row.metrics.ndcg)[at10]; }
  const Estimate& of(const StartSummary& s) const { return (hr ? s.hr : s.ndcg)[at10]; }
  const Difference* difference(const StartSummary& s) const {
    const auto& differences = hr ? s.difference.hr : s.difference.ndcg;
    return differences.empty() ? nullptr : &differences[at10];
  }
};

std::string means_plot(const Results& results, const Metric& metric) {
  const StartSummary* random = find_start(results, "random");
  SpreadPlot plot{
      {fmt::format("mean-{}", metric.id), fmt::format("{} of each start", metric.name),
       "A row for each start: its mean as a dot, one standard deviation to both sides as a line, and the "
       "single seeds as small dots below. The table above holds the numbers."},
      metric.name,
      {},
      metric.of(random ? *random : results.summary[0]).mean};
  for (const StartSummary& s : results.summary) {
    const Estimate& e = metric.of(s);
    SpreadRow row{s.start, e.mean, e.mean - e.std, e.mean + e.std, estimate_text(e), {}, s.start == "p2rec"};
    for (const ResultRow& r : results.rows) {
      if (r.start == s.start)
        row.dots.emplace_back(metric.of(r), fmt::format("seed {}: {}", r.seed, metric_text(metric.of(r))));
    }
    plot.rows.push_back(std::move(row));
  }
  return spread_plot(plot);
}

// Empty where no start was compared with random numbers.
std::string differences_plot(const Results& results, const Metric& metric) {
  SpreadPlot plot{
      {fmt::format("difference-{}", metric.id),
       fmt::format("{} of each start less that of random numbers", metric.name),
       "A row for each start: the mean paired difference as a dot, its 95 % interval as a line, and the "
       "single seeds as small dots below. Right of zero is better than random numbers."},
      std::string(metric.name) + " less random’s",
      {},
      0};
  for (const StartSummary& s : results.summary) {
    const Difference* d = metric.difference(s);
    if (!d) continue;
    SpreadRow row{s.start, d->mean, d->low, d->high, interval_text(*d), {}, s.start == "p2rec"};
    for (const ResultRow& ours : results.rows) {
      for (const ResultRow& random : results.rows) {
        if (ours.start != s.start || random.start != "random" || ours.seed != random.seed) continue;
        const double difference = metric.of(ours) - metric.of(random);
        row.dots.emplace_back(difference, fmt::format("seed {}: {}", ours.seed, difference_text(difference)));
      }
    }
    plot.rows.push_back(std::move(row));
  }
  return plot.rows.empty() ? "" : spread_plot(plot);
}

}  // namespace

std::string verdict(const ReportData& data) {
  if (!evaluated(data)) return "";
  const StartSummary *ours = find_start(data.results, "p2rec"), *random = find_start(data.results, "random");
  if (!ours || !random || ours->difference.ndcg.empty()) return "";
  const size_t at10 = place_of_cutoff_10(ours->cutoffs);
  const Difference& d = ours->difference.ndcg[at10];
  const char* says = d.low > 0    ? "The interval lies above zero: the start helps."
                     : d.high < 0 ? "The interval lies below zero: the start does harm."
                                  : "The interval holds zero: no difference is shown.";
  return fmt::format(
      R"(<p class="verdict">Started from the enhanced item embeddings, the recommender reaches NDCG@10 {}; from random numbers
{}. The paired difference is <strong>{}</strong> (95&#160;%, {}). {}</p>
)",
      metric_text(ours->ndcg[at10].mean), metric_text(random->ndcg[at10].mean), interval_text(d),
      seeds_text(ours->seeds), says);
}

std::string results_section(const ReportData& data) {
  std::string body;
  if (!data.done(Stage::Evaluate)) {
    body = missing(Stage::Evaluate);
  } else if (data.results.summary.empty()) {
    body = not_recorded("results.json", Stage::Evaluate);
  } else {
    const auto& summary = data.results.summary;
    const size_t at10 = place_of_cutoff_10(summary[0].cutoffs);
    std::string figures;
    for (const Metric& metric : {Metric{"NDCG@10", "ndcg", false, at10}, Metric{"HR@10", "hr", true, at10}}) {
      figures += figure(means_plot(data.results, metric),
                        fmt::format("{}: mean ± standard deviation; dashed: random numbers", metric.name));
      if (const std::string plot = differences_plot(data.results, metric); !plot.empty())
        figures += figure(
            plot, fmt::format("{}: paired difference to random numbers, 95&#160;% interval", metric.name));
    }
    body =
        R"(<p>The same recommender, trained from different item tables. Each user’s last item is ranked among all items
that the user does not have yet: HR@K is the share of users whose item is among the first K, NDCG@K also counts how far
in front it is.</p>
)" + main_table(summary, at10) +
        R"(<p class="note">“seeds resolve”: the smallest true difference that this many seeds would show. An
interval over users and seeds can be narrower; a difference below this number wants more seeds. In the plots the small
dots below an interval are the single seeds.</p>
<div class="figures pairs">
)" + figures +
        "</div>\n" + cutoffs_table(summary) + splits_table(summary, at10);
  }
  return section("results", "Results", body);
}

// --- the reconstruction ------------------------------------------------------------------------------------

std::string reconstruction_section(const ReportData& data) {
  const char *id = "reconstruction", *heading = "Reconstruction";
  if (!data.concerns(Stage::Reconstruct)) return "";
  if (!data.done(Stage::Reconstruct)) return section(id, heading, missing(Stage::Reconstruct));
  if (!data.results.reconstruction)
    return section(id, heading, not_recorded("results.json", Stage::Reconstruct));
  const ReconstructionRecord& r = *data.results.reconstruction;
  struct Row {
    const char *name, *knows;
    double loss;
  };
  const Row rows[] = {
      {"language model", "reads the user’s prompt; does not know the groups", r.heldout_loss},
      {"mean", "predicts the mean preference of all users", r.heldout_predict_the_mean},
      {"window", "counts the true groups of the items in the prompt", r.heldout_window},
      {"ridge", "ridge regression from the bag of items in the prompt", r.heldout_ridge},
  };
  std::string table;
  BarPlot plot{{"baselines", "Held-out loss of the language model and of three baselines",
                "A bar for each; shorter is better. The table holds the numbers."},
               {}};
  for (const Row& row : rows) {
    table += fmt::format(R"(<tr{}><th scope="row">{}<small>{}</small></th><td>{}</td><td>{}</td></tr>)"
                         "\n",
                         &row == rows ? R"( class="method")" : "", row.name, row.knows, loss_text(row.loss),
                         percent_text(row.loss / r.heldout_predict_the_mean));
    plot.bars.push_back({row.name, row.loss, loss_text(row.loss), &row == rows});
  }
  return section(
      id, heading,
      fmt::format(
          R"(<p>How well the language model tells the users’ preferences over the groups from their items: mean squared error on
users that it was not trained on. Its training error fell from {} (the first 20 steps) to {} (the last epoch).</p>
<div class="figures two">
<div class="wide" role="region" aria-label="Reconstruction and its baselines" tabindex="0"><table>
<caption>Held-out loss; lower is better</caption>
<thead><tr><th scope="col">Prediction</th><th scope="col">loss</th><th scope="col">of the mean’s</th></tr></thead>
<tbody>
{}</tbody></table></div>
{}</div>
)",
          loss_text(r.train_loss_first), loss_text(r.train_loss_last_epoch), table,
          figure(bar_plot(plot), "Held-out loss; shorter is better")));
}

}  // namespace p2rec
