// Several runs in one table: pairs are the users that all runs ranked with the same target, runs with
// different rankings are refused, and doubts stay with their trainings.
#include "p2rec/methods/common/compare.h"

#include <sstream>

#include "p2rec/data/text_file.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using namespace p2rec;
using doctest::Approx;
using testing::contains;
using testing::message_of;

namespace {

struct SeedRanks {
  std::string arm;
  uint64_t seed;
  std::vector<int64_t> ranks;
  std::string doubt = {};
};

RankedRun run_of(const std::string& name, const std::vector<std::string>& units,
                 const std::vector<SeedRanks>& seeds) {
  RankedRun run{name, {}, {units, {}}, {{"data.test", "1f"}, {"ranking", "full"}, {"cutoffs", "5,10,20"}}};
  run.results.baseline = "random";
  for (const SeedRanks& s : seeds) {
    run.ranks.columns.push_back({s.arm + "-" + std::to_string(s.seed), s.ranks});
    if (!run.results.find(s.arm)) run.results.arms.push_back({{s.arm}, {}, {}, {}, {}});
    for (ArmSummary& arm : run.results.arms) {
      if (arm.name == s.arm) arm.seeds.push_back({s.seed, {}, s.doubt, {}});
    }
  }
  return run;
}

const std::vector<std::string> kUnits = {"1\ti", "2\ti", "3\ti", "4\tx"};

double hits(const Summary& summary, const std::string& arm) {
  return summary.find(arm)->metrics.at(0).at(summary.index_of("HR@10")).mean;
}

}  // namespace

TEST_CASE("compare: pairs are users with the same id and target, in any order") {
  const RankedRun a = run_of("a", kUnits, {{"random", 1, {50, 0, 11, 0}}});
  const RankedRun b = run_of("b", {"3\ti", "5\ti", "2\ti", "4\ty"}, {{"random", 1, {0, 0, 12, 0}}});
  const Summary summary = paired(joined_results({a, b}));
  CHECK(summary.baseline == "a/random");
  CHECK(summary.parts.at(0).units == 2);  // 2 and 3
  CHECK(hits(summary, "a/random") == 0.5);
  CHECK(hits(summary, "b/random") == 0.5);
  // One user has a difference of +1, the other of -1, so the mean is zero.
  const Difference& d = summary.find("b/random")->differences.at(0).at(summary.index_of("HR@10"));
  CHECK(d.mean == 0);
  CHECK(d.low == -1);
  CHECK(d.high == 1);
  CHECK(contains(comparison_text({a, b}), "2 users in all runs, of: a 4, b 4\nrun/start"));
  CHECK(contains(message_of([&] {
                   joined_results({a, run_of("b", {"7\ti"}, {{"random", 1, {0}}})});
                 }),
                 "b: shares no user with the other runs"));
}

TEST_CASE("compare: the baseline is the first run's, or the one that is named") {
  const RankedRun a = run_of("a", kUnits, {{"p2rec", 1, {0, 0, 0, 0}}, {"random", 1, {0, 0, 99, 99}}});
  const RankedRun b =
      run_of("b", kUnits, {{"teacher", 1, {0, 0, 0, 99}}, {"popularity", 2, {99, 99, 99, 99}}});
  const Summary summary = paired(joined_results({a, b}));
  CHECK(summary.baseline == "a/random");
  CHECK(summary.arms.size() == 4);
  CHECK(summary.find("a/random")->differences.empty());
  CHECK(summary.find("b/popularity")->differences.at(0).at(0).mean == Approx(-0.5));  // its seed is another
  CHECK(summary.find("b/teacher")->differences.at(0).at(0).mean == Approx(0.25));
  const Summary other = paired(joined_results({a, b}, "b/teacher"));
  CHECK(other.find("a/p2rec")->differences.at(0).at(0).mean == Approx(0.25));
  CHECK(contains(message_of([&] {
                   joined_results({a, b}, "teacher");
                 }),
                 "baseline: found 'teacher'; expected one of a/p2rec, a/random, b/teacher, b/popularity"));
  CHECK(joined_results({b, a}).baseline == "b/teacher");  // it has no random
}

TEST_CASE(
    "compare: runs with different data, rankings or cutoffs are refused, and the error names the "
    "difference") {
  const RankedRun a = run_of("a", kUnits, {{"random", 1, {0, 0, 0, 0}}});
  const auto refusal = [&](const std::string& name, const std::string& value) {
    RankedRun b = run_of("b", kUnits, {{"random", 1, {0, 0, 0, 0}}});
    std::ranges::find(b.made_of, name, &std::pair<std::string, std::string>::first)->second = value;
    return message_of([&] { joined_results({a, b}); });
  };
  CHECK(contains(refusal("data.test", "2e"),
                 "b: data.test: found 2e; expected 1f as in a; hint: only runs of"));
  CHECK(contains(refusal("ranking", "sampled"), "b: ranking: found sampled; expected full as in a"));
  CHECK(contains(refusal("cutoffs", "10"), "b: cutoffs: found 10; expected 5,10,20 as in a"));
  RankedRun cut = run_of("b", kUnits, {{"random", 1, {0, 0, 0, 0}}});
  cut.ranks.columns.clear();
  CHECK(contains(message_of([&] { joined_results({a, cut}); }), "b: ranks.tsv has no column random-1"));
}

TEST_CASE("compare: a training in doubt gives no verdict, and the text says why") {
  const RankedRun a = run_of("a", kUnits, {{"random", 1, {0, 0, 0, 0}}, {"random", 2, {0, 0, 0, 0}}});
  const RankedRun b = run_of(
      "b", kUnits, {{"random", 1, {99, 99, 99, 99}, "ended at its cap"}, {"random", 2, {99, 99, 99, 99}}});
  const Summary summary = paired(joined_results({a, b}));
  CHECK(verdict_of(summary, *summary.find("b/random")) == Verdict::InDoubt);
  CHECK(contains(comparison_text({a, b}), "no verdict: b/random, seed 1: ended at its cap\n"));
}

TEST_CASE(
    "compare: arms are paired over their common seeds, popularity over all, and the text says what is not") {
  const RankedRun a = run_of(
      "a", kUnits,
      {{"random", 1, {0, 0, 0, 0}}, {"random", 2, {0, 0, 99, 99}}, {"popularity", 1, {0, 99, 99, 99}}});
  const RankedRun b = run_of("b", kUnits, {{"random", 2, {0, 0, 0, 99}}, {"random", 3, {99, 99, 99, 99}}});
  const RankedRun c = run_of("c", kUnits, {{"random", 3, {0, 0, 0, 0}}});
  const Summary summary = paired(joined_results({a, b, c}));
  CHECK(summary.find("a/popularity")->differences.at(0).at(0).mean == Approx(-0.5));  // of 1 and 0.5
  CHECK(verdict_of(summary, *summary.find("a/popularity")) == Verdict::NoDifference);
  CHECK(summary.find("b/random")->differences.at(0).at(0).mean == Approx(0.25));  // with seed 2
  CHECK(verdict_of(summary, *summary.find("b/random")) == Verdict::OneSeed);
  CHECK(summary.find("c/random")->differences.empty());
  const std::string text = comparison_text({a, b, c});
  CHECK(contains(text, "\nb/random: seeds 2, 3, baseline 1, 2: paired over 2\n"));
  CHECK(contains(text, "\nc/random: seeds 3, baseline 1, 2: no paired difference\n"));
  CHECK_FALSE(contains(text, "a/popularity: seeds"));
  const Summary floor = paired(joined_results({a, b}, "a/popularity"));
  CHECK(floor.find("b/random")->differences.at(0).at(0).mean == Approx(0.125));
  CHECK(pairing_notes(floor).empty());
}

TEST_CASE("compare: the head start is to the baseline's training of the same seed") {
  RankedRun a = run_of("a", kUnits, {{"random", 1, {0, 0, 0, 0}}, {"popularity", 1, {0, 0, 0, 0}}});
  RankedRun b = run_of("b", kUnits, {{"p2rec", 1, {0, 0, 0, 0}}});
  a.trainings["random-1"] = {4, 3, 0, {0.1, 0.2, 0.3, 0.2}};
  b.trainings["p2rec-1"] = {6, 5, 0, {0.2, 0.3, 0.3, 0.3, 0.4, 0.3}};
  const Summary summary = paired(joined_results({a, b}));
  CHECK(summary.find("b/p2rec")->facts == std::vector<double>{6, 2});
  CHECK(summary.find("a/random")->facts == std::vector<double>{4, 3});
  CHECK(std::isnan(summary.find("a/popularity")->facts.at(0)));
  CHECK(contains(comparison_text({a, b}), "reach: epochs until the baseline's best validation\n"));
}

TEST_CASE("compare: the table fits into 80 columns with names of usual length") {
  const RankedRun a = run_of("gru4rec", kUnits, {{"random", 1, {0, 0, 0, 0}}, {"random", 2, {0, 50, 0, 0}}});
  for (const char* name : {"narm", "ml-100k-sasrec"}) {
    CAPTURE(name);
    const RankedRun b =
        run_of(name, kUnits, {{"p2rec_shuffled", 1, {0, 0, 0, 0}}, {"p2rec_shuffled", 2, {50, 50, 0, 0}}});
    std::istringstream lines(comparison_text({a, b}));
    size_t at = 0;
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      CHECK(columns_of(line) <= 80);
      const size_t found = line.find("0.");
      if (found == line.npos) continue;
      CHECK((at == 0 || found == at));  // the columns are aligned
      at = found;
    }
  }
}

TEST_CASE("compare: the runs' files give the same results as the runs") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  const auto run = [](testing::Options o) {
    o["data"] = "data.txt";
    o["quiet"] = "true";
    o["model"] = "popularity";
    testing::run_stages(o, "train", "evaluate");
    return read_ranked_run(o["out"]);
  };
  const RankedRun a = run({{"out", "a"}}), b = run({{"out", "b"}, {"evaluate-users", "20"}}),
                  c = run({{"out", "c"}, {"ranking", "sampled"}, {"negatives-ranked", "5"}}),
                  d = run({{"out", "d"}, {"cutoffs", "10"}});
  RankedRun copy = a;
  copy.name = "copy";
  const Summary same = paired(joined_results({a, copy}));
  const Summary alone = ResultsFile("a").read().results.value();
  CHECK(same.arms.at(0).metrics.at(0).at(same.index_of("NDCG@10")).mean ==
        alone.arms.at(0).metrics.at(0).at(alone.index_of("NDCG@10")).mean);
  CHECK(joined_results({a, b}).rows.at(0).values.at(0).size() == 20);
  CHECK(contains(message_of([&] { joined_results({a, c}); }), "c: ranking: found sampled; expected full"));
  CHECK(contains(message_of([&] { joined_results({a, d}); }), "d: cutoffs: found 10; expected 5,10,20"));
  CHECK(contains(a.ranks.units.at(0), testing::small_data().user_ids.at(0) + "\t"));
  CHECK(contains(message_of([] { read_ranked_run("data"); }), "the stage 'evaluate' has not been run here"));
}
