#include "p2rec/report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "p2rec/report/text.h"
#include "p2rec/task/log_file.h"

namespace p2rec {
namespace {

// --- data --------------------------------------------------------------------------------------------------

constexpr const char* kValidation = "validation_";

// "# p2rec VERSION" and the following comment lines.
std::vector<std::string> program_lines(const std::string& config) {
  std::vector<std::string> found;
  std::istringstream in(config);
  for (std::string line; std::getline(in, line) && line.starts_with('#');) {
    if (line.starts_with("# p2rec ") || (!found.empty() && line.size() > 2)) found.push_back(line.substr(2));
  }
  return found;
}

// "NDCG@10" for "validation_ndcg@10".
std::string measure_of(const std::string& key) {
  std::string name = key.substr(std::string_view(kValidation).size());
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::vector<TaskLog> read_log(const nn::Path& path) {
  std::vector<TaskLog> tasks;
  for (const LogFile::Line& line : LogFile(path).read()) {
    auto task = std::ranges::find(tasks, line.task, &TaskLog::name);
    if (task == tasks.end()) task = tasks.insert(task, {line.task, {}, {}, {}, {}});
    const auto step = static_cast<double>(line.step) + 1;
    const auto epoch = line.values.find("epoch");
    for (const auto& [key, value] : line.values) {
      if (key == "loss") task->loss.emplace_back(step, value);
      if (key == "heldout_loss") task->heldout.emplace_back(step, value);
      if (!key.starts_with(kValidation)) continue;
      task->measure = measure_of(key);
      task->validation.emplace_back(epoch == line.values.end() ? step : epoch->second, value);
    }
  }
  return tasks;
}

// The run's files, as paths relative to its folder.
std::vector<std::string> files_in(const nn::Path& folder, std::vector<std::string> patterns) {
  patterns.insert(patterns.end(), {"config.toml", "manifest.json", "results.json", kLogName});
  std::vector<std::string> names;
  for (const nn::Path& file : found_files(folder, patterns))
    names.push_back(file.lexically_relative(folder).generic_string());
  std::ranges::sort(names);
  return names;
}

// --- page --------------------------------------------------------------------------------------------------

struct PageSection {
  const char *id, *title;
  std::string body;
};

std::vector<PageSection> sections_of(const ReportData& data) {
  std::vector<PageSection> sections = {{"run", "What was run", run_section(data)},
                                       {"results", "Results", results_section(data)}};
  for (const ReportSection& own : data.plan.sections) {
    if (const std::string body = method_section(data, own); !body.empty())
      sections.push_back({own.id, own.title, body});
  }
  sections.push_back({"curves", "Learning curves", curves_section(data)});
  sections.push_back({"costs", "Time and memory", costs_section(data)});
  sections.push_back({"files", "Files", files_section(data)});
  return sections;
}

}  // namespace

bool ReportData::concerns(const std::string& stage) const {
  return done(stage) || std::ranges::count(plan.stages, stage) > 0;
}

ReportData read_report_data(const nn::Path& folder, const ReportPlan& plan) {
  INPUT_CHECK(std::filesystem::is_directory(folder), folder.string(),
              " is not a folder; expected the folder of a run");
  const nn::Path config = folder / "config.toml";
  INPUT_CHECK(std::filesystem::exists(config), folder.string(),
              " has no config.toml; expected the folder of a run; hint: p2rec run makes one");
  // Reads each part separately: g++ 12 cleans up wrongly if a member in a braced list throws.
  Manifest manifest(folder);
  RunResults run = ResultsFile(folder).read();
  std::vector<TaskLog> log = read_log(folder / kLogName);
  std::vector<std::string> program = program_lines(nn::read_file(config, "configuration file"));
  std::vector<std::string> files = files_in(folder, plan.files);
  return {plan, std::move(program), std::move(manifest), std::move(run), std::move(log), std::move(files)};
}

std::string report_page(const ReportData& data) {
  const std::string title = escaped(data.plan.title);
  std::string links, body;
  for (const PageSection& s : sections_of(data)) {
    links += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", s.id, s.title);
    body += fmt::format(
        "<section id=\"{0}\" aria-labelledby=\"{0}-h\">\n<h2 id=\"{0}-h\">{1}</h2>\n{2}</section>\n\n", s.id,
        s.title, s.body);
  }
  return fmt::format(
      R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>{0}</title>
<style>{1}{2}</style>
</head>
<body>
<header>
<h1>{0}</h1>
{3}<nav aria-label="Sections"><ul>
{4}</ul></nav>
</header>
<main>
{5}</main>
<footer>Made by <code>p2rec report</code> from config.toml, manifest.json, results.json and log.jsonl,
which have all digits.</footer>
</body>
</html>
)",
      title, kPlotStyle, kStyle, progress_note(data) + verdict(data), links, body);
}

nn::Path write_report(const nn::Path& folder, const ReportPlan& plan) {
  nn::Path file = folder / "report.html";
  nn::write_atomically(file, report_page(read_report_data(folder, plan)));
  return file;
}

}  // namespace p2rec
