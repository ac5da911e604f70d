#include "p2rec/report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nn/io/json.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

constexpr size_t kPointsOfACurve = 150;  // more cannot be distinguished at the width of a plot

// --- what was run ------------------------------------------------------------------------------------------

std::string description_row(const std::string& term, const std::string& content) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", term, content);
}

std::string size_text(const DataCounts& d) {
  return fmt::format("{} users, {} items, {} interactions ({} per user)", count_text(d.users),
                     count_text(d.items), count_text(d.interactions),
                     mean_text(static_cast<double>(d.interactions) / static_cast<double>(d.users)));
}

// The bins are as in DataCounts.
std::string histogram(const std::string& title, const std::string& id, const std::vector<int64_t>& bins) {
  BarPlot plot{
      {id, title, "One bar per range. From the third on, each range is twice as wide as the one before."},
      {}};
  for (size_t b = 0; b < bins.size(); ++b) {
    if (plot.bars.empty() && bins[b] == 0) continue;
    const int64_t low = b == 0 ? 0 : int64_t{1} << (b - 1), high = b < 2 ? low : 2 * (low - 1) + 1;
    const std::string range = low == high ? count_text(low) : count_text(low) + "–" + count_text(high);
    plot.bars.push_back({range, static_cast<double>(bins[b]), count_text(bins[b]), false});
  }
  return figure(bar_plot(plot), title);
}

// "1, 2, 3" for "1,2,3", so that a long list can be broken into lines.
std::string spaced(const std::string& list) {
  std::string result;
  for (const char c : list) {
    if (result.ends_with(',') && c != ' ') result += ' ';
    result += c;
  }
  return result;
}

std::string options_table(const std::vector<ShownOption>& options) {
  if (options.empty()) return "<p>All other options have their defaults.</p>\n";
  std::string rows;
  const auto value = [](const std::string& text) {
    return "<td class=\"value\">" + escaped(spaced(text)) + "</td>";
  };
  for (const ShownOption& o : options)
    rows += row(escaped(o.name), escaped(o.help), value(o.value) + value(o.usual));
  return table("Options", "Options that differ from their defaults; config.toml has all options",
               column("Option") + column("here") + column("default"), rows);
}

// --- curves ------------------------------------------------------------------------------------------------

// Tasks that differ only in their seed: "train/random-1", "train/random-2".
struct TaskGroup {
  std::string stage, name;  // "train", "random"
  bool seeds = false;       // the tasks' names end with a seed
  std::vector<const TaskLog*> tasks;
};

TaskGroup group_of(const std::string& task) {
  const size_t slash = task.find('/'), last = task.find_last_not_of("0123456789");
  const bool seeds = last != std::string::npos && last + 1 < task.size() && task[last] == '-';
  const std::string name = task.substr(0, seeds ? last : std::string::npos);
  return {task.substr(0, slash), slash < name.size() ? name.substr(slash + 1) : name, seeds, {}};
}

std::vector<TaskGroup> groups_of(const ReportData& data, const std::string& stage) {
  std::vector<TaskGroup> groups;
  for (const TaskLog& log : data.log) {
    const TaskGroup own = group_of(log.name);
    if (own.stage != stage) continue;
    auto group = std::ranges::find(groups, own.name, &TaskGroup::name);
    if (group == groups.end()) group = groups.insert(group, own);
    group->tasks.push_back(&log);
  }
  return groups;
}

// The baselines of a stage's held-out loss, drawn as horizontal lines.
std::vector<Level> levels_of(const ReportData& data, const std::string& stage) {
  std::vector<Level> levels;
  const auto section = data.run.sections.find(stage);
  if (section == data.run.sections.end() || !data.done(stage)) return levels;
  const auto found = nn::parse_json<nn::OrderedJson>(section->second, stage);
  if (!found.is_object() || !found.contains("levels")) return levels;
  for (const auto& [name, value] : found["levels"].items())
    levels.push_back({name, value.is_number() ? value.get<double>() : NAN});
  return levels;
}

std::string loss_figure(const TaskGroup& group, const TaskLog& log, const std::vector<Level>& levels) {
  CurvePlot plot{
      {"loss-" + group.stage + "-" + group.name, group.name + ": loss by step",
       "Curve: the training loss; each point is a step or the mean of neighbouring steps. Dots: the loss of "
       "held-out examples. Horizontal lines: its baselines."},
      "step",
      "loss",
      {{log.heldout.empty() ? "" : "training", CurveStyle::Main, thinned(log.loss, kPointsOfACurve), false}},
      log.heldout.empty() ? std::vector<Level>() : levels,
      {}};
  if (!log.heldout.empty()) plot.curves.push_back({"held-out", CurveStyle::Second, log.heldout, true});
  plot.frame = frame_of(plot.curves, plot.levels, !log.heldout.empty());
  return figure(curve_plot(plot), escaped(group.name) + ": loss");
}

void add_validation(std::vector<Curve>& curves, const TaskGroup& group, CurveStyle style = CurveStyle::Main) {
  for (const TaskLog* log : group.tasks) {
    if (!log->validation.empty())
      curves.push_back({group.name, style, thinned(log->validation, kPointsOfACurve), false});
  }
}

// One curve per seed, and the curves of `baseline`, if given, in the background; empty without curves.
std::string validation_figure(const TaskGroup& group, const TaskGroup* baseline, const Frame& frame) {
  if (std::ranges::all_of(group.tasks, [](const TaskLog* log) { return log->validation.empty(); })) return "";
  const std::string measure = group.tasks[0]->measure;
  CurvePlot plot{
      {"validation-" + group.stage + "-" + group.name, group.name + ": validation " + measure + " by epoch",
       baseline ? "The curves of " + baseline->name + " are grey, in the background."
                : "One point per epoch."},
      "epoch",
      measure,
      {},
      {},
      frame};
  if (baseline) add_validation(plot.curves, *baseline, CurveStyle::Background);
  add_validation(plot.curves, group);
  if (!group.seeds) plot.curves[0].label.clear();
  return figure(curve_plot(plot), escaped(group.name) + ": validation " + escaped(measure));
}

std::string figures_of(const ReportData& data, const std::string& stage) {
  const std::vector<TaskGroup> groups = groups_of(data, stage);
  const std::string name = data.run.results ? data.run.results->baseline : "";
  const auto baseline = std::ranges::find(groups, name, &TaskGroup::name);
  std::vector<Curve> all;
  for (const TaskGroup& group : groups) add_validation(all, group);
  const Frame frame = frame_of(all, {}, true);
  std::string figures;
  for (const TaskGroup& group : groups) {
    const TaskLog& log = *group.tasks[0];
    if (!group.seeds && !(log.loss.empty() && log.heldout.empty()))
      figures += loss_figure(group, log, levels_of(data, stage));
    const bool compared = baseline != groups.end() && group.name != name;
    figures += validation_figure(group, compared ? &*baseline : nullptr, frame);
  }
  return figures;
}

}  // namespace

std::string progress_note(const ReportData& data) {
  std::string open;
  for (const std::string& stage : data.plan.stages) {
    if (!data.done(stage)) open += (open.empty() ? "" : ", ") + escaped(stage);
  }
  if (open.empty()) return "";
  return fmt::format("<p class=\"missing\">This run is not finished: {} {} open. To resume it:\n{}</p>\n",
                     open, open.find(',') == std::string::npos ? "is" : "are", code(data.plan.resume));
}

std::string run_section(const ReportData& data) {
  std::string facts, program;
  for (const auto& [term, text] : data.plan.facts)
    facts += description_row(escaped(term), escaped(spaced(text)));
  if (data.run.data) facts += description_row("Size", size_text(*data.run.data));
  for (const std::string& line : data.program)
    program += program.empty() ? escaped(line) : "<small>" + escaped(line) + "</small>";
  facts += description_row("Program", program.empty() ? "not recorded" : program);
  std::string figures;
  if (data.run.data) {
    figures =
        histogram("Users by their number of interactions", "lengths", data.run.data->lengths) +
        histogram("Items by their number of training interactions", "popularity", data.run.data->popularity);
  }
  return "<dl class=\"facts\">\n" + facts + "</dl>\n" + options_table(data.plan.options) +
         "<p>The command that repeats this run in another folder; a click selects it:</p>\n<pre "
         "class=\"command\">" +
         escaped(data.plan.again) + "</pre>\n<div class=\"figures two\">\n" + figures + "</div>\n";
}

std::string method_section(const ReportData& data, const ReportSection& section) {
  if (!data.concerns(section.stage)) return "";
  if (!data.done(section.stage)) return missing("the stage " + code(section.stage) + " is not finished.");
  const auto found = data.run.sections.find(section.stage);
  if (found == data.run.sections.end())
    return missing("the stage " + code(section.stage) + " is done, but <code>results.json</code> has no " +
                   "results of it.");
  const std::string file = (data.manifest.path().parent_path() / "results.json").string();
  const auto json = nn::parse_json<nn::OrderedJson>(found->second, file);
  return section.html({json, file, "sections." + section.stage});
}

std::string curves_section(const ReportData& data) {
  std::string body;
  std::vector<std::string> stages;
  for (const TaskLog& log : data.log) {
    const std::string stage = group_of(log.name).stage;
    if (data.concerns(stage) && std::ranges::count(stages, stage) == 0) stages.push_back(stage);
  }
  for (const std::string& stage : stages) {
    const std::string figures = figures_of(data, stage);
    if (figures.empty()) continue;
    body += "<h3>" + code(stage) + "</h3>\n";
    if (!data.done(stage)) body += "<p class=\"note\">This stage is not finished.</p>\n";
    body += "<div class=\"figures\">\n" + figures + "</div>\n";
  }
  const std::string note =
      "<p class=\"note\">One curve per seed; all validation plots of a stage have the same axes.</p>\n";
  return body.empty() ? missing("<code>log.jsonl</code> has no losses.") : note + body;
}

std::string costs_section(const ReportData& data) {
  const std::vector<StageRecord>& stages = data.run.stages;
  if (stages.empty()) return missing("<code>results.json</code> has no stage.");
  double total = 0;
  for (const StageRecord& stage : stages) total += stage.seconds;
  std::string rows;
  BarPlot time, memory;
  time.caption = {"time", "Time of each stage", "One bar per stage. The table has the numbers."};
  memory.caption = {"memory", "Peak memory up to the end of each stage",
                    "One bar per stage. The table has the numbers."};
  for (const StageRecord& stage : stages) {
    const auto tokens = static_cast<double>(stage.tokens);
    const std::string count = tokens > 0 ? count_text(stage.tokens) : "–",
                      rate = tokens > 0 ? rate_text(tokens / stage.seconds) : "–";
    rows += row(escaped(stage.name), data.open(stage.name) ? "not finished" : "",
                cell(seconds_text(stage.seconds)) + cell(percent_text(stage.seconds / total)) + cell(count) +
                    cell(rate) + cell(memory_text(stage.peak_rss_mib)));
    time.bars.push_back({stage.name, stage.seconds, seconds_text(stage.seconds), false});
    memory.bars.push_back({stage.name, stage.peak_rss_mib, memory_text(stage.peak_rss_mib), false});
  }
  const std::string caption = seconds_text(total) +
                              " in total. Memory: the program’s peak up to the end of the stage. Tokens: "
                              "those read in training, over all\nepochs";
  const std::string head = column("Stage") + column("time") + column("share") + column("tokens") +
                           column("per second") + column("memory");
  return table("Time and memory by stage", caption, head, rows) + "<div class=\"figures\">\n" +
         figure(bar_plot(time), "Time by stage") +
         figure(bar_plot(memory), "Peak memory up to the end of each stage") + "</div>\n";
}

std::string files_section(const ReportData& data) {
  std::string links;
  for (const std::string& file : data.files)
    links += fmt::format("<li><a href=\"./{0}\">{0}</a></li>\n", escaped(file));
  return "<ul class=\"files\">\n" + links + "</ul>\n";
}

}  // namespace p2rec
