// The text files that a run leaves for the next one, and the table of published rows. The first line says which: groups, log,
// manifest, results, ranks or published.
#include "p2rec/artifacts.h"

#include "p2rec/log_file.h"
#include "p2rec/published_rows.h"
#include "p2rec/results.h"
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

void read_log(std::string_view text) {
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
  fuzz::file("results.json", text);
  const p2rec::ResultsFile results(fuzz::folder());
  results.read();
  results.set_stage({"pretrain", 1, 2, 3});
  results.set_data({1, 2, 3});
}

void read_ranks(std::string_view text) {
  const auto columns = p2rec::read_ranks(fuzz::file("ranks.tsv", text));
  FUZZ_CHECK(!columns.empty());
  for (const p2rec::RanksColumn& column : columns)
    FUZZ_CHECK(!column.ranks.empty() && column.ranks.size() == columns[0].ranks.size());
  p2rec::compare({p2rec::Measure::NDCG, 10, 0.5}, 0.95, columns);
}

void read_published(std::string_view text) {
  for (const p2rec::PublishedRow& row : p2rec::read_published_rows(fuzz::file("published.tsv", text)))
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
  if (kind == "published") read_published(text);
}
