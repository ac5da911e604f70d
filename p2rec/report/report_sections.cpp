// The report's sections about the run itself: what it was, its groups, its curves, its costs.
#include "p2rec/report/report_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "p2rec/report/report_format.h"
#include "p2rec/run/stage_needs.h"

namespace p2rec {
namespace {

constexpr size_t kPointsOfACurve = 150;  // more cannot be told apart at the width of a plot
constexpr size_t kGroupsShown = 60;
constexpr size_t kTitleLength = 80;

std::string description_row(const char* term, const std::string& content) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", term, content);
}

std::string data_text(const ReportData& data) {
  std::string text = escaped(data.options.data);
  if (data.results.data) {
    const DataCounts& d = *data.results.data;
    text += fmt::format("<small>{} users, {} items, {} interactions ({} a user)</small>", count_text(d.users),
                        count_text(d.items), count_text(d.interactions),
                        mean_text(static_cast<double>(d.interactions) / static_cast<double>(d.users)));
  }
  return text;
}

// "1, 2, 3" of "1,2,3", so that a long list can be broken into lines.
std::string spaced(const std::string& list) {
  std::string result;
  for (const char c : list) result += c == ',' ? std::string(", ") : std::string(1, c);
  return result;
}

// The options that say how the method was run; those of the folder and of the machine stand elsewhere.
std::string options_table(const Options& options) {
  const std::set<std::string> elsewhere = {"data", "llm", "out", "seeds", "threads", "quiet"};
  const Options defaults;
  std::string rows;
  for_each_option(options, [&](const OptionInfo& info, const auto&) {
    const std::string here = option_text(options, info.name), usual = option_text(defaults, info.name);
    if (here == usual || info.of_the_call || elsewhere.contains(info.name)) return;
    rows += fmt::format(
        R"(<tr><th scope="row">{}<small>{}</small></th><td class="value">{}</td><td class="value">{}</td></tr>)"
        "\n",
        info.name, escaped(info.help), escaped(spaced(here)), escaped(spaced(usual)));
  });
  if (rows.empty()) return "<p>All other options have their defaults.</p>\n";
  return fmt::format(
      R"(<div class="wide" role="region" aria-label="Options" tabindex="0"><table>
<caption>Options that differ from their defaults; config.toml holds all of them</caption>
<thead><tr><th scope="col">Option</th><th scope="col">here</th><th scope="col">default</th></tr></thead>
<tbody>
{}</tbody></table></div>
)",
      rows);
}

// --- curves ------------------------------------------------------------------------------------------------

CurvePlot loss_plot(const char* id, const char* title, const Points& loss) {
  CurvePlot plot{
      {id, title, "Each point is a step, or the mean of neighbouring steps."}, "step", "loss", {}, {}, {}};
  plot.curves = {{"", CurveStyle::Main, thinned(loss, kPointsOfACurve), false}};
  plot.frame = frame_of(plot.curves, {}, false);
  return plot;
}

std::string teacher_figures(const TaskLog& log) {
  std::string figures;
  if (!log.loss.empty())
    figures += figure(curve_plot(loss_plot("teacher-loss", "Teacher: training loss by step", log.loss)),
                      "Teacher: training loss");
  if (!log.validation.empty()) {
    CurvePlot plot{{"teacher-validation", "Teacher: validation NDCG@10 by epoch", "A point for each epoch."},
                   "epoch",
                   "NDCG@10",
                   {{"", CurveStyle::Main, thinned(log.validation, kPointsOfACurve), false}},
                   {},
                   {}};
    plot.frame = frame_of(plot.curves, {}, true);
    figures += figure(curve_plot(plot), "Teacher: validation NDCG@10");
  }
  return figures;
}

std::string reconstruction_figure(const ReportData& data, const TaskLog& log) {
  CurvePlot plot{
      {"reconstruction-loss", "Reconstruction: loss by step",
       "The training loss as a curve, the loss of held-out users as dots, and the held-out loss of the "
       "baselines as level lines."},
      "step",
      "loss",
      {{"training", CurveStyle::Main, thinned(log.loss, kPointsOfACurve), false},
       {"held-out users", CurveStyle::Second, log.heldout, true}},
      {},
      {}};
  if (data.done(Stage::Reconstruct) && data.results.reconstruction) {
    const ReconstructionRecord& r = *data.results.reconstruction;
    plot.levels = {
        {"mean", r.heldout_predict_the_mean}, {"window", r.heldout_window}, {"ridge", r.heldout_ridge}};
  }
  plot.frame = frame_of(plot.curves, plot.levels, true);
  return figure(curve_plot(plot),
                "Reconstruction: training loss, held-out loss, and the baselines’ held-out loss");
}

// A plot for each start, all with the same axes, and the curves of random numbers behind each.
std::string recommender_figures(const ReportData& data) {
  std::map<std::string, std::vector<Curve>> curves;
  std::vector<Curve> all;
  for (const std::string& start : data.options.starts) {
    for (uint64_t seed : data.options.seeds) {
      const TaskLog& log = data.log_of(fmt::format("train/{}-{}", start, seed));
      if (log.validation.empty()) continue;
      curves[start].push_back({start, CurveStyle::Main, thinned(log.validation, kPointsOfACurve), false});
      all.push_back(curves[start].back());
    }
  }
  const Frame frame = frame_of(all, {}, true);
  std::vector<Curve> behind = curves["random"];
  for (Curve& c : behind) c.style = CurveStyle::Background;
  std::string figures;
  for (const std::string& start : data.options.starts) {
    if (curves[start].empty()) continue;
    CurvePlot plot{{"validation-" + start, start + ": validation NDCG@10 by epoch",
                    "A curve for each seed; those of random numbers stand behind in grey."},
                   "epoch",
                   "NDCG@10",
                   start == "random" ? std::vector<Curve>{} : behind,
                   {},
                   frame};
    plot.curves.insert(plot.curves.end(), curves[start].begin(), curves[start].end());
    figures += figure(curve_plot(plot), escaped(start) + ": validation NDCG@10");
  }
  return figures;
}

std::string figures_or_missing(const ReportData& data, Stage stage, const char* heading,
                               const std::string& figures) {
  std::string body = fmt::format("<h3>{}</h3>\n", heading);
  if (stage == Stage::Train && !figures.empty())
    body += "<p class=\"note\">A curve for each seed; all plots have the same axes.</p>\n";
  if (!figures.empty()) {
    if (!data.done(stage)) body += "<p class=\"note\">This stage has not been finished: so far.</p>\n";
    return body + "<div class=\"figures\">\n" + figures + "</div>\n";
  }
  return body + (data.done(stage) ? not_recorded("log.jsonl", stage) : missing(stage));
}

// --- costs -------------------------------------------------------------------------------------------------

// The stage that a record of the results belongs to: "tiny_llm" is the beginning of a stage.
Stage stage_of(const std::string& record) {
  for (int s = 0; s <= static_cast<int>(Stage::Evaluate); ++s) {
    if (record == name_of(static_cast<Stage>(s))) return static_cast<Stage>(s);
  }
  return Stage::Reconstruct;
}

}  // namespace

// --- pieces ------------------------------------------------------------------------------------------------

std::string section(const char* id, const char* heading, const std::string& body) {
  return fmt::format(
      "<section id=\"{}\" aria-labelledby=\"{}-h\">\n<h2 id=\"{}-h\">{}</h2>\n{}</section>\n\n", id, id, id,
      heading, body);
}

std::string figure(const std::string& plot, const std::string& caption) {
  return fmt::format("<figure>\n<figcaption>{}</figcaption>\n{}</figure>\n", caption, plot);
}

std::string missing(Stage stage) {
  return fmt::format(
      "<p class=\"missing\">Nothing to show: the stage <code>{}</code> has not been finished.</p>\n",
      name_of(stage));
}

std::string not_recorded(const char* file, Stage stage) {
  return fmt::format(
      R"(<p class="missing">Nothing to show: the stage <code>{}</code> is done, but <code>{}</code> does not hold what
it found.</p>
)",
      name_of(stage), file);
}

std::string progress_note(const ReportData& data) {
  std::string open;
  for (int s = 0; s <= static_cast<int>(Stage::Evaluate); ++s) {
    const auto stage = static_cast<Stage>(s);
    if (data.concerns(stage) && !data.done(stage))
      open += (open.empty() ? "" : ", ") + std::string(name_of(stage));
  }
  if (open.empty()) return "";
  const std::string out = escaped(data.options.out);
  const std::string command =
      data.concerns(Stage::Pretrain)
          ? fmt::format("p2rec run --config {}/config.toml --resume", out)
          : fmt::format("p2rec train --out {0} --resume; p2rec evaluate --out {0}", out);
  return fmt::format(
      R"(<p class="missing">This run has not been finished: {} {} open. To go on:
<code>{}</code></p>
)",
      open, open.find(',') == std::string::npos ? "is" : "are", command);
}

// --- sections ----------------------------------------------------------------------------------------------

std::string run_section(const ReportData& data) {
  const Options& o = data.options;
  const std::string llm = !data.concerns(Stage::Reconstruct) ? "none: a plain recommender"
                          : o.llm == "tiny"
                              ? "tiny<small>a small Llama, trained on the catalogue’s text</small>"
                              : escaped(o.llm);
  std::string program;
  for (const std::string& line : data.program)
    program += program.empty() ? escaped(line) : "<small>" + escaped(line) + "</small>";
  return section("run", "What was run",
                 "<dl class=\"facts\">\n" + description_row("Data", data_text(data)) +
                     description_row("Language model", llm) +
                     description_row("Recommender", escaped(o.model)) +
                     description_row("Seeds", escaped(spaced(option_text(o, "seeds")))) +
                     description_row("Program", program.empty() ? "not recorded" : program) + "</dl>\n" +
                     options_table(o));
}

std::string groups_section(const ReportData& data) {
  const char *id = "groups", *heading = "Groups of items";
  if (!data.concerns(Stage::Groups)) return "";
  if (!data.done(Stage::Groups)) return section(id, heading, missing(Stage::Groups));
  std::vector<GroupRecord> groups = data.results.groups;
  if (groups.empty()) return section(id, heading, not_recorded("results.json", Stage::Groups));
  double total = 0;
  for (const GroupRecord& group : groups) total += static_cast<double>(group.interactions);
  std::stable_sort(groups.begin(), groups.end(), [](const GroupRecord& a, const GroupRecord& b) {
    return a.interactions > b.interactions;
  });
  std::string cards;
  for (size_t i = 0; i < std::min(groups.size(), kGroupsShown); ++i) {
    const GroupRecord& group = groups[i];
    const double share = total > 0 ? static_cast<double>(group.interactions) / total : 0;
    std::string items;
    for (const auto& item : group.top) {
      items +=
          fmt::format("<li><div><bdi>{}</bdi> <span class=\"count\">{}</span></div></li>\n",
                      escaped(item.title.empty() ? "item " + item.id : shortened(item.title, kTitleLength)),
                      count_text(item.interactions));
    }
    cards += fmt::format(
        R"(<article class="group">
<h3>Group {}</h3>
<p>{} item{}, {} of the interactions</p>
<div class="share" aria-hidden="true"><div style="width:{:.1f}%"></div></div>
{}</article>
)",
        group.group, count_text(group.items), group.items == 1 ? "" : "s", percent_text(share), 100 * share,
        items.empty() ? "" : "<ol>\n" + items + "</ol>\n");
  }
  const std::string note = groups.size() > kGroupsShown
                               ? fmt::format("<p class=\"note\">The {} largest of {} groups are shown.</p>\n",
                                             kGroupsShown, groups.size())
                               : "";
  const std::string intro = fmt::format(
      R"(<p>k-means on the teacher’s item table has made {} groups, without titles or any other side information. The most
frequent items of each, with their number of training interactions; the groups with most interactions come first.</p>
)",
      groups.size());
  return section(id, heading, intro + "<div class=\"cards\">\n" + cards + "</div>\n" + note);
}

std::string curves_section(const ReportData& data) {
  std::string body;
  if (data.concerns(Stage::Pretrain))
    body += figures_or_missing(data, Stage::Pretrain, "Teacher", teacher_figures(data.log_of("pretrain")));
  const TaskLog &tiny = data.log_of("reconstruct/llm"), &sft = data.log_of("reconstruct");
  std::string llm;
  if (data.options.llm == "tiny" && !tiny.loss.empty())
    llm += figure(
        curve_plot(loss_plot("tiny-llm-loss", "Tiny language model: training loss by step", tiny.loss)),
        "Tiny language model: next-token loss");
  if (!sft.loss.empty() || !sft.heldout.empty()) llm += reconstruction_figure(data, sft);
  if (data.concerns(Stage::Reconstruct))
    body += figures_or_missing(data, Stage::Reconstruct, "Language model", llm);
  if (is_popularity(data.options)) {
    body += "<p>Popularity is counted, not trained: there is no curve.</p>\n";
  } else {
    body += figures_or_missing(data, Stage::Train, "Recommenders", recommender_figures(data));
  }
  return section("curves", "Learning curves", body);
}

std::string costs_section(const ReportData& data) {
  const std::vector<StageRecord>& stages = data.results.stages;
  const char *id = "costs", *heading = "Time and memory";
  if (stages.empty()) return section(id, heading, missing(Stage::Pretrain));
  double total = 0;
  for (const StageRecord& stage : stages) total += stage.seconds;
  std::string rows;
  BarPlot time{{"time", "Time of each stage", "A bar for each stage. The table holds the numbers."}, {}};
  BarPlot memory{{"memory", "Memory at the end of each stage",
                  "A bar for each stage: the most memory that the program had held up to then."},
                 {}};
  for (const StageRecord& stage : stages) {
    const auto tokens = static_cast<double>(stage.tokens);
    rows += fmt::format(
        R"(<tr><th scope="row">{}{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>)"
        "\n",
        escaped(stage.name), data.done(stage_of(stage.name)) ? "" : "<small>not finished</small>",
        seconds_text(stage.seconds), percent_text(stage.seconds / total),
        stage.tokens > 0 ? count_text(stage.tokens) : "–",
        stage.tokens > 0 ? rate_text(tokens / stage.seconds) : "–", memory_text(stage.peak_rss_mib));
    time.bars.push_back({stage.name, stage.seconds, seconds_text(stage.seconds), false});
    memory.bars.push_back({stage.name, stage.peak_rss_mib, memory_text(stage.peak_rss_mib), false});
  }
  return section(
      id, heading,
      fmt::format(
          R"(<div class="wide" role="region" aria-label="Time and memory by stage" tabindex="0"><table>
<caption>{} in all. Memory is the most that the program had held up to the end of the stage; tokens are what a training read,
all epochs counted</caption>
<thead><tr><th scope="col">Stage</th><th scope="col">time</th><th scope="col">share</th><th scope="col">tokens</th>
<th scope="col">a second</th><th scope="col">memory</th></tr></thead>
<tbody>
{}</tbody></table></div>
<div class="figures">
{}{}</div>
)",
          seconds_text(total), rows, figure(bar_plot(time), "Time by stage"),
          figure(bar_plot(memory), "Most memory up to the end of each stage")));
}

}  // namespace p2rec
