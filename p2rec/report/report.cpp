#include "p2rec/report/report.h"

#include <fmt/format.h>

#include "p2rec/report/sections.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

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
  return sections;
}

}  // namespace

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
<style>{1}</style>
</head>
<body>
<header>
<h1>{0}</h1>
{2}<nav aria-label="Sections"><ul>
{3}</ul></nav>
</header>
<main>
{4}</main>
<footer>Made by <code>p2rec report</code> from config.toml, manifest.json, results.json and log.jsonl, which hold all
numbers in full.</footer>
</body>
</html>
)",
      title, kStyle, progress_note(data) + verdict(data), links, body);
}

nn::Path write_report(const nn::Path& folder, const ReportPlan& plan) {
  nn::Path file = folder / "report.html";
  nn::write_atomically(file, report_page(read_report_data(folder, plan)));
  return file;
}

}  // namespace p2rec
