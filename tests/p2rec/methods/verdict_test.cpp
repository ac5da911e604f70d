// There is no verdict from a training that has not converged: the output says so, and what to do.
#include "p2rec/run/results_file.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using namespace testing;
using p2rec::Summary;

namespace {

// The results of plain recommenders on the small data, with these options.
Summary results_with(const Options& given) {
  write_data(small_data());
  Options o = small_options();
  o["starts"] = "random";
  o["overwrite"] = "true";
  for (const auto& [name, value] : given) o[name] = value;
  for (const char* unused : {"groups", "history", "lora-rank", "sft-epochs", "tiny-steps"}) o.erase(unused);
  run_stages(o, "train", "evaluate");
  return p2rec::ResultsFile("out").read().results.value();
}

std::string doubt_with(const Options& given) { return results_with(given).arms.at(0).seeds.at(0).doubt; }

}  // namespace

TEST_CASE("verdict: a training that ended at its cap, was not validated or learned nothing is in doubt") {
  const WorkingFolder here;
  CHECK(contains(doubt_with({{"max-epochs", "2"}, {"patience", "2"}}), "stopped at epoch 2 while"));
  CHECK(contains(doubt_with({{"max-epochs", "2"}, {"patience", "0"}}), "without validation"));
  CHECK(contains(doubt_with({{"max-epochs", "90"}, {"patience", "2"}, {"lr", "1e-9"}}),
                 "not above popularity's"));
  CHECK(doubt_with({{"max-epochs", "200"}, {"patience", "10"}, {"lr", "1e-2"}}) == "");
}

TEST_CASE("verdict: popularity is the last row, and has neither epochs nor a difference") {
  const WorkingFolder here;
  const Summary summary = results_with({{"max-epochs", "2"}});
  REQUIRE(summary.arms.size() == 2);
  CHECK(summary.arms[1].name == "popularity");
  CHECK(summary.arms[1].differences.empty());
  CHECK(std::isnan(summary.arms[1].facts.at(0)));
  // Random reaches its own best validation in its best epoch.
  const p2rec::SeedSummary& random = summary.arms[0].seeds.at(0);
  CHECK(random.facts.at(1) == random.facts.at(2));
  CHECK(contains(p2rec::summary_table(summary), "no verdict: random, seeds 1, 2: stopped at epoch"));
}
