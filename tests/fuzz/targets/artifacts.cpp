// The text files that a run writes for later runs and for its report, and the table of published rows. The
// first line says which: groups, log, manifest, results, ranks, generated or published.
#include "bench/published_rows/published_rows.h"
#include "nn/io/json.h"
#include "p2rec/methods/common/generated_data.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/methods/settings.h"
#include "p2rec/run/options.h"
#include "p2rec/run/results_file.h"
#include "p2rec/run/run_folder.h"
#include "p2rec/task/log_file.h"
#include "tests/fuzz/target.h"

namespace {

p2rec::Interactions three_items() {
  p2rec::Interactions data;
  data.user_ids = {"u"};
  data.item_ids = {"1", "2", "10"};
  data.sequences = {{0, 1, 2}};
  return data;
}

void read_groups(std::string_view text) {
  const p2rec::Interactions data = three_items();
  const p2rec::ItemGroups groups = p2rec::read_groups(fuzz::file("groups.tsv", text), data);
  FUZZ_CHECK(groups.group_of.size() == 3 && groups.groups <= 3);
}

nn::Path write_finished_run() {
  const auto settings = p2rec::settings_of({});
  const nn::Path config = fuzz::file("run/config.toml", p2rec::to_toml(settings->sections()));
  p2rec::Manifest manifest(config.parent_path());
  for (const p2rec::Stage& stage : settings->config->stages()) manifest.enter(stage.name, "");
  return config.parent_path();
}

// The report of a run whose stages are all done, with this one of the files.
void report(const std::string& name, std::string_view text) {
  static const nn::Path folder = write_finished_run();
  for (const char* other : {"log.jsonl", "results.json"}) std::filesystem::remove(folder / other);
  fuzz::file("run/" + name, text);
  fuzz::attempt([&] {
    const p2rec::ReportPlan plan = p2rec::report_plan(*p2rec::settings_of({}));
    FUZZ_CHECK(p2rec::report_page(p2rec::read_report_data(folder, plan)).ends_with("</html>\n"));
  });
}

void read_log(std::string_view text) {
  report("log.jsonl", text);
  p2rec::LogFile log(fuzz::file("log.jsonl", text));
  log.drop_after("pretrain", 2);
  log.sort({"pretrain", "reconstruct"});
  log.append("pretrain", 3, {{"loss", 1}});
}

void read_manifest(std::string_view text) {
  fuzz::file("manifest.json", text);
  p2rec::Manifest manifest(fuzz::folder());
  for (const char* stage : {"pretrain", "groups", "train"}) {
    fuzz::attempt([&] { manifest.check_fits(stage, "hidden=64\nlr=0.001\n"); });
  }
  manifest.remove("groups");
}

void read_results(std::string_view text) {
  report("results.json", text);
  fuzz::file("results.json", text);
  const p2rec::ResultsFile results(fuzz::folder());
  results.read();
  results.set_stage({"pretrain", 1, 2, 3});
  results.set_data({1, 2, 3});
  results.remove({"pretrain", "evaluate"});
}

void read_ranks(std::string_view text) {
  const auto [units, columns] = p2rec::read_ranks(fuzz::file("ranks.tsv", text));
  FUZZ_CHECK(!columns.empty());
  for (const p2rec::RanksColumn& column : columns)
    FUZZ_CHECK(!column.ranks.empty() && column.ranks.size() == units.size());
  bench::compare({p2rec::Measure::NDCG, 10, 0.5}, 0.95, columns);
}

void read_generated(std::string_view text) {
  const auto all = p2rec::read_generated(fuzz::file("generated.jsonl", text));
  const p2rec::ReportSection section = p2rec::generated_section("teach");
  const nn::OrderedJson found = p2rec::describe_generated({{1, all}});
  FUZZ_CHECK(section.html({found, "results.json"}).ends_with("\n"));
}

void read_published(std::string_view text) {
  for (const bench::PublishedRow& row : bench::read_published_rows(fuzz::file("published.tsv", text)))
    FUZZ_CHECK(row.share > 0 && row.figures.size() <= 4);
}

}  // namespace

FUZZ_TARGET(artifacts) {
  const size_t end = std::min(bytes.find('\n'), bytes.size());
  const std::string_view kind = std::string_view(bytes).substr(0, end),
                         text = std::string_view(bytes).substr(std::min(end + 1, bytes.size()));
  if (kind == "groups") read_groups(text);
  if (kind == "log") read_log(text);
  if (kind == "manifest") read_manifest(text);
  if (kind == "results") read_results(text);
  if (kind == "ranks") read_ranks(text);
  if (kind == "generated") read_generated(text);
  if (kind == "published") read_published(text);
}
