#include "p2rec/report/report_data.h"

#include <algorithm>
#include <sstream>

#include "autograd/check.h"
#include "p2rec/run/stage_needs.h"
#include "p2rec/task/log_file.h"

namespace p2rec {
namespace {

// "# p2rec 0.1.0" and what follows it up to the first line that is no comment.
std::vector<std::string> program_lines(const std::string& config) {
  std::vector<std::string> found;
  std::istringstream in(config);
  for (std::string line; std::getline(in, line) && line.starts_with('#');) {
    if (line.starts_with("# p2rec ") || (!found.empty() && line.size() > 2)) found.push_back(line.substr(2));
  }
  return found;
}

void append(Points& points, const LogFile::Line& line, const char* y, double x) {
  if (const auto value = line.values.find(y); value != line.values.end())
    points.emplace_back(x, value->second);
}

std::map<std::string, TaskLog> read_log(const nn::Path& path) {
  std::map<std::string, TaskLog> tasks;
  for (const LogFile::Line& line : LogFile(path).read()) {
    TaskLog& task = tasks[line.task];
    const auto step = static_cast<double>(line.step) + 1;
    append(task.loss, line, "loss", step);
    append(task.heldout, line, "heldout_loss", step);
    const auto epoch = line.values.find("epoch");
    append(task.validation, line, "validation_ndcg@10", epoch == line.values.end() ? step : epoch->second);
  }
  return tasks;
}

std::vector<std::string> names_of_splits(const StartSummary& summary) {
  std::vector<std::string> names;
  for (const SplitSummary& split : summary.splits) names.push_back(split.name);
  return names;
}

// The sections count on it that all starts have the same metrics.
void check_metrics(const Results& results, const nn::Path& file) {
  if (results.summary.empty()) return;
  const std::vector<int>& cutoffs = results.summary[0].cutoffs;
  INPUT_CHECK(std::find(cutoffs.begin(), cutoffs.end(), 10) != cutoffs.end(), file.string(),
              ": expected metrics at the cutoff 10; hint: p2rec evaluate --resume writes them again");
  for (const StartSummary& s : results.summary) {
    INPUT_CHECK(s.cutoffs == cutoffs && s.mrr.size() == results.summary[0].mrr.size(), file.string(),
                ": the start '", s.start, "' has other metrics than the first one");
    INPUT_CHECK(names_of_splits(s) == names_of_splits(results.summary[0]), file.string(), ": the start '",
                s.start, "' has other splits than the first one");
  }
  for (const ResultRow& row : results.rows) {
    INPUT_CHECK(row.metrics.cutoffs == cutoffs, file.string(), ": the row of '", row.start, "', seed ",
                row.seed, ", has other metrics than the summary");
  }
}

}  // namespace

bool ReportData::concerns(Stage stage) const {
  const std::vector<Stage> inputs = all_inputs_of(Stage::Evaluate, options);
  return done(stage) || stage == Stage::Evaluate ||
         std::find(inputs.begin(), inputs.end(), stage) != inputs.end();
}

const TaskLog& ReportData::log_of(const std::string& task) const {
  static const TaskLog nothing;
  const auto found = log.find(task);
  return found == log.end() ? nothing : found->second;
}

ReportData read_report_data(const nn::Path& folder) {
  INPUT_CHECK(std::filesystem::is_directory(folder), "--out: ", folder.string(),
              " is no folder; expected the folder of a run");
  const nn::Path config = folder / "config.toml";
  INPUT_CHECK(std::filesystem::exists(config), "--out: ", folder.string(),
              " holds no run: there is no config.toml; hint: p2rec run --out ", folder.string());
  // Each part is read by itself: what throws inside a braced list of members trips the clean-up of g++ 12.
  Manifest manifest(folder);
  Results results = ResultsFile(folder).read();
  check_metrics(results, folder / "results.json");
  std::map<std::string, TaskLog> log = read_log(folder / "log.jsonl");
  Options options;
  read_config(options, config);
  std::vector<std::string> program = program_lines(nn::read_file(config, "configuration file"));
  return {std::move(options), std::move(program), std::move(manifest), std::move(results), std::move(log)};
}

}  // namespace p2rec
