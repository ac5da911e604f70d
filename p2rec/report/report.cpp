#include "p2rec/report/report.h"

#include <fmt/format.h>

#include "p2rec/report/report_format.h"
#include "p2rec/report/report_sections.h"

namespace p2rec {
namespace {

// Colours are told apart by people who see red and green alike (after Okabe and Ito), and no meaning rests on them alone.
const char* const kStyle = R"(
:root { color-scheme: light; --page:#fff; --ink:#1c1e21; --soft:#565d68; --line:#d8dbe0; --card:#f5f6f8;
  --main:#005f9e; --second:#b04400; --other:#6b7280; }
@media screen and (prefers-color-scheme: dark) {
  :root { color-scheme: dark; --page:#15171b; --ink:#e7e9ec; --soft:#a8afb9; --line:#393e46; --card:#1e2126;
    --main:#6bb7ee; --second:#f0a24e; --other:#949ca8; } }
* { box-sizing: border-box; }
html { background: var(--page); color: var(--ink); font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans",
  sans-serif; -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 100rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.25rem 0 .5rem; }
p { max-width: 72ch; margin: .5rem 0; }
a { color: var(--main); }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; margin: 1rem 0 0; }
code { font: .9em ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
.verdict { font-size: 1.1rem; border-left: .25rem solid var(--main); padding-left: .75rem; }
.verdict strong { white-space: nowrap; }
.note, caption, figcaption, footer, small { color: var(--soft); font-size: .875rem; }
.missing { border: 1px dashed var(--other); border-radius: .4rem; padding: .6rem .8rem; }
small { display: block; font-weight: normal; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: .75rem; margin: 0 0 1rem; }
.facts div { background: var(--card); border-radius: .4rem; padding: .6rem .8rem; }
dt { color: var(--soft); font-size: .875rem; }
dd { margin: 0; }
.wide { overflow-x: auto; margin: 1rem 0; max-width: 68rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { text-align: left; padding-bottom: .4rem; max-width: calc(100vw - 2.5rem); }
th, td { text-align: right; vertical-align: top; padding: .35rem .75rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child { text-align: left; padding-left: .25rem; position: sticky; left: 0; background: var(--page); }
th small { white-space: normal; min-width: 9rem; max-width: 26rem; }
td.value { white-space: normal; }
thead th { font-weight: 600; border-bottom: 2px solid var(--line); }
tbody th { font-weight: 500; }
.method th:first-child, .method td, th.method, td.method { background: var(--card); }
.method th, th.method { font-weight: 700; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: 1.5rem 2rem; margin: 1rem 0;
  align-items: start; }
@media screen and (min-width: 48rem) { .pairs, .two { grid-template-columns: repeat(2, minmax(0, 32rem)); } }
@media screen and (min-width: 96rem) { .pairs { grid-template-columns: repeat(4, 1fr); } }
.figures > .wide { margin: 0; }
figure { margin: 0; max-width: 32rem; }
figcaption { margin-bottom: .25rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font-size: 12px; }
svg .tick, svg .axis { fill: var(--soft); font-size: 11px; }
svg .strong { font-weight: 700; }
svg line, svg polyline { fill: none; stroke-width: 1.5; stroke-linejoin: round; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .reference { stroke: var(--soft); stroke-dasharray: 4 3; }
svg .leader { stroke: var(--other); stroke-width: 1; }
svg .level { stroke: var(--other); stroke-dasharray: 6 3; }
svg line.main, svg line.other { stroke-width: 3; stroke-linecap: round; }
svg line.main, svg polyline.main { stroke: var(--main); }
svg line.other { stroke: var(--other); }
svg polyline.second { stroke: var(--second); stroke-dasharray: 2 3; }
svg polyline.background { stroke: var(--other); stroke-width: 1; opacity: .8; }
svg circle.main, svg rect.main { fill: var(--main); }
svg circle.second { fill: var(--second); }
svg circle.other, svg rect.other { fill: var(--other); }
svg circle.single { fill: var(--page); stroke: var(--soft); stroke-width: 1.2; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); gap: .75rem; }
.group { background: var(--card); border-radius: .4rem; padding: .6rem .8rem; break-inside: avoid; }
.group h3 { margin: 0; }
.group p { margin: 0 0 .4rem; color: var(--soft); font-size: .875rem; }
.group ol { margin: .5rem 0 0; padding-left: 1.4rem; font-size: .9rem; }
.group li div { display: flex; justify-content: space-between; gap: .75rem; }
.count { color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; }
.share { height: .4rem; background: var(--line); border-radius: .2rem; overflow: hidden; }
.share div { height: 100%; background: var(--main); }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .75rem; }
@media screen and (max-width: 40rem) { table { font-size: .875rem; } th, td { padding: .3rem .4rem; } th small { min-width: 7.5rem;
  font-size: .8rem; } }
@media print {
  @page { margin: 15mm 14mm; }
  html { font-size: 9.5pt; }
  body { max-width: none; padding: 0; }
  nav { display: none; }
  .wide { overflow: visible; max-width: none; }
  th, td { padding: .2rem .4rem; }
  .figures, .pairs, .two { grid-template-columns: 1fr 1fr; }
  .cards { grid-template-columns: repeat(3, 1fr); }
  h2, h3, caption, figcaption { break-after: avoid; }
  figure, table, .facts, .missing { break-inside: avoid; }
  th:first-child { position: static; }
  .share, .group, .facts div, .method th, .method td, th.method, td.method { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)";

// "ml-100k" of "data/ml-100k/".
std::string name_of_data(const Options& options) {
  const nn::Path path = nn::Path(options.data) / "";
  const std::string name = path.parent_path().filename().string();
  return name.empty() ? options.data : name;
}

}  // namespace

std::string report_page(const ReportData& data) {
  const std::string title = "P2Rec on " + escaped(name_of_data(data.options));
  std::string method_links;
  if (data.concerns(Stage::Reconstruct))
    method_links += "<li><a href=\"#reconstruction\">Reconstruction</a></li>";
  if (data.concerns(Stage::Groups)) method_links += "<li><a href=\"#groups\">Groups of items</a></li>\n";
  return fmt::format(
             R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>{}</title>
<style>{}</style>
</head>
<body>
<header>
<h1>{}</h1>
{}<nav aria-label="Sections"><ul>
<li><a href="#run">What was run</a></li><li><a href="#results">Results</a></li>
{}<li><a href="#curves">Learning curves</a></li><li><a href="#costs">Time and memory</a></li>
</ul></nav>
</header>
<main>
)",
             title, kStyle, title, progress_note(data) + verdict(data), method_links) +
         run_section(data) + results_section(data) + reconstruction_section(data) + groups_section(data) +
         curves_section(data) + costs_section(data) +
         "</main>\n<footer>Made by <code>p2rec report</code> from config.toml, manifest.json, results.json "
         "and log.jsonl, "
         "where all numbers stand in full.</footer>\n</body>\n</html>\n";
}

nn::Path write_report(const nn::Path& folder) {
  nn::Path file = folder / "report.html";
  nn::write_atomically(file, report_page(read_report_data(folder)));
  return file;
}

}  // namespace p2rec
