// The statistics that compare the arms: spread, paired differences and their bootstrap intervals, on values
// for which each is known.
#include "p2rec/evaluation/results.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "autograd/rng.h"
#include "tests/testing.h"

using namespace p2rec;

namespace {

using Hits = std::vector<double>;  // per unit: 0 or 1

Results results_of(const std::vector<ResultRow>& rows) {
  Results results;
  results.measures = results.headline = {"hit"};
  results.facts = {"epochs"};
  results.baseline = "control";
  for (const ResultRow& row : rows) {
    if (std::ranges::count(results.arms, row.arm, &Arm::name) == 0) results.arms.push_back({row.arm});
  }
  results.rows = rows;
  return results;
}

Summary summary_of(const std::vector<ResultRow>& rows) { return summarise(results_of(rows)); }

ResultRow row(const std::string& arm, uint64_t seed, const Hits& hits) {
  return {arm, seed, {10 * static_cast<double>(seed)}, {hits}};
}

// Ones for the first `hits` units, zeros for the others.
Hits hits(int64_t hits, int64_t units) {
  Hits values(static_cast<size_t>(units), 0);
  std::fill_n(values.begin(), hits, 1);
  return values;
}

// The difference of the arm "ours" to the baseline.
Difference difference(const std::vector<Hits>& control, const std::vector<Hits>& ours) {
  std::vector<ResultRow> rows;
  for (size_t s = 0; s < control.size(); ++s) rows.push_back(row("control", s + 1, control[s]));
  for (size_t s = 0; s < ours.size(); ++s) rows.push_back(row("ours", s + 1, ours[s]));
  return summary_of(rows).arms.at(1).differences.at(0).at(0);
}

// Random ones and zeros, a function of the seed.
Hits coins(uint32_t seed, size_t units) {
  Hits values;
  for (size_t u = 0; u < units; ++u) values.push_back(ag::random_below({seed, 0, 0}, u, 2) == 0 ? 1 : 0);
  return values;
}

}  // namespace

TEST_CASE("statistics: mean and standard deviation with n - 1; none for a single value") {
  const Estimate e = estimate({2, 4, 4, 4, 5, 5, 7, 9});
  CHECK(e.mean == doctest::Approx(5));
  CHECK(e.std == doctest::Approx(std::sqrt(32.0 / 7)));
  CHECK(estimate({3}).mean == 3);
  CHECK(std::isnan(estimate({3}).std));
}

TEST_CASE("statistics: an arm's metrics and facts are means over its seeds") {
  const Summary summary = summary_of(
      {row("control", 1, hits(1, 4)), row("control", 2, hits(2, 4)), row("control", 3, hits(3, 4))});
  REQUIRE(summary.arms.size() == 1);
  const ArmSummary& arm = summary.arms[0];
  REQUIRE(arm.seeds.size() == 3);
  CHECK(arm.seeds[2].seed == 3);
  CHECK(arm.seeds[2].facts.at(0) == 30);
  CHECK(arm.seeds[2].means.at(0).at(0) == 0.75);
  CHECK(arm.facts.at(0) == doctest::Approx(20));
  CHECK(arm.metrics.at(0).at(0).mean == doctest::Approx(0.5));
  CHECK(arm.metrics[0][0].std == doctest::Approx(0.25));
  CHECK(arm.differences.empty());
}

TEST_CASE(
    "statistics: a verdict needs an interval without zero, seeds that resolve the difference, and no doubt") {
  const auto verdict = [](std::vector<ResultRow> ours) {
    std::vector<ResultRow> rows;
    for (uint64_t seed = 1; seed <= ours.size(); ++seed) rows.push_back(row("control", seed, hits(40, 100)));
    rows.insert(rows.end(), ours.begin(), ours.end());
    const Summary summary = summary_of(rows);
    return verdict_of(summary, summary.arms.at(1));
  };
  std::vector<ResultRow> better = {row("ours", 1, hits(60, 100)), row("ours", 2, hits(61, 100)),
                                   row("ours", 3, hits(62, 100))};
  CHECK(verdict(better) == Verdict::Better);
  CHECK(verdict({row("ours", 1, hits(20, 100)), row("ours", 2, hits(21, 100)),
                 row("ours", 3, hits(22, 100))}) == Verdict::Worse);
  CHECK(verdict({row("ours", 1, hits(40, 100)), row("ours", 2, hits(41, 100)),
                 row("ours", 3, hits(40, 100))}) == Verdict::NoDifference);
  // Each seed is better, but they differ so much that three seeds are too few.
  CHECK(verdict({row("ours", 1, hits(42, 100)), row("ours", 2, hits(50, 100)),
                 row("ours", 3, hits(90, 100))}) == Verdict::NoDifference);
  CHECK(verdict({row("ours", 1, hits(60, 100))}) == Verdict::OneSeed);
  better[1].doubt = "ended at its cap";
  CHECK(verdict(better) == Verdict::InDoubt);
}

TEST_CASE("statistics: doubts are listed once, with the seeds that they concern") {
  std::vector<ResultRow> rows = {row("control", 1, hits(1, 4)), row("control", 2, hits(1, 4)),
                                 row("control", 3, hits(1, 4))};
  rows[0].doubt = rows[2].doubt = "ended at its cap";
  rows[1].doubt = "not above popularity's";
  CHECK(doubts_of(summary_of(rows)) == std::vector<std::string>{"control, seeds 1, 3: ended at its cap",
                                                                "control, seed 2: not above popularity's"});
}

TEST_CASE("statistics: a fact is a mean over the seeds that have it") {
  std::vector<ResultRow> rows = {row("control", 1, {1}), row("control", 2, {1}), row("control", 3, {1})};
  const auto text = [&] { return fact_text(summary_of(rows).arms.at(0), 0); };
  CHECK(text() == "20");
  rows[1].facts[0] = NAN;
  rows[0].facts[0] = 12;
  CHECK(text() == "21(2/3)");
  const std::string legend = "(2/3): the mean of 2 of 3 seeds";
  CHECK(note_of(summary_of(rows)).ends_with(legend));
  for (ResultRow& r : rows) r.facts[0] = NAN;
  CHECK(text() == "-");
  CHECK(note_of(summary_of(rows)) == "");
}

TEST_CASE("statistics: a split has the values of its units, of every measure") {
  Results results = results_of({row("control", 1, {0, 0, 1}), row("ours", 1, {1, 0, 1})});
  results.measures = {"hit", "twice"};
  for (ResultRow& r : results.rows) {
    r.values.push_back(r.values[0]);
    for (double& value : r.values[1]) value *= 2;
  }
  results.splits = {{"ends", "the first and the last", {0, 2}}};
  const Summary summary = summarise(results);
  REQUIRE(summary.parts.size() == 2);
  CHECK(summary.parts[0].name == "all");
  CHECK(summary.parts[0].units == 3);
  CHECK(summary.parts[1].meaning == "the first and the last");
  CHECK(summary.parts[1].units == 2);
  const ArmSummary& ours = summary.arms.at(1);
  CHECK(ours.metrics.at(1).at(0).mean == 1);
  CHECK(ours.metrics[1].at(1).mean == 2);
  CHECK(ours.differences.at(1).at(1).mean == 1);
  CHECK(ours.differences.at(0).at(0).mean == doctest::Approx(1.0 / 3));
  results.splits[0].members = {3};
  CHECK_THROWS(summarise(results));
}

TEST_CASE("statistics: differences are paired by unit") {
  // The same half of the units has ones: without pairing, the interval would be wide.
  const std::vector<Hits> same = {coins(1, 50), coins(2, 50), coins(3, 50)};
  const Difference none = difference(same, same);
  CHECK(none.mean == 0);
  CHECK(none.low == 0);
  CHECK(none.high == 0);
  CHECK(none.resolvable == 0);
}

TEST_CASE("statistics: the interval draws seeds") {
  // All units of a seed have the same difference, so only the drawing of seeds matters. All
  // three draws are the smallest one with probability 1/27, which is more than the 2.5% that
  // the interval leaves out on each side.
  const Hits miss = hits(0, 40), hit = hits(40, 40);
  const Difference d = difference({miss, miss, hit}, {miss, hit, miss});  // 0, 1, -1
  CHECK(d.mean == doctest::Approx(0));
  CHECK(d.low == doctest::Approx(-1));
  CHECK(d.high == doctest::Approx(1));
  // Four draws from 0, 0, 0 and 1 are all ones with probability 1/256, three or more with 13/256.
  const Difference four = difference({miss, miss, miss, miss}, {miss, miss, miss, hit});
  CHECK(four.low == doctest::Approx(0));
  CHECK(four.high == doctest::Approx(0.75));
}

TEST_CASE("statistics: the interval draws units, and leaves out 2.5% on each side") {
  constexpr int64_t kUnits = 400;
  const std::vector<Hits> control = {hits(0, kUnits), hits(0, kUnits)};
  const std::vector<Hits> ours = {hits(100, kUnits), hits(100, kUnits)};
  const Difference d = difference(control, ours);
  CHECK(d.mean == doctest::Approx(0.25));
  const double standard_error = std::sqrt(0.25 * 0.75 / kUnits);
  CHECK(d.low == doctest::Approx(0.25 - 1.96 * standard_error).epsilon(0.02));
  CHECK(d.high == doctest::Approx(0.25 + 1.96 * standard_error).epsilon(0.02));
}

TEST_CASE("statistics: the smallest difference that this many seeds would show is Student's") {
  const Hits nobody = hits(0, 10);
  const std::vector<Hits> control(3, nobody);
  // Differences 0.1, 0.2 and 0.6 have the variance 0.07; t(0.975) with two degrees of freedom is 4.303.
  const Difference d = difference(control, {hits(1, 10), hits(2, 10), hits(6, 10)});
  CHECK(d.mean == doctest::Approx(0.3));
  CHECK(d.resolvable == doctest::Approx(4.303 * std::sqrt(0.07 / 3)));
  CHECK(std::isinf(difference({nobody}, {hits(1, 10)}).resolvable));
  // For more than 31 seeds, the normal quantile replaces Student's.
  std::vector<Hits> many(40, nobody), ours(40, nobody);
  for (size_t s = 0; s < 20; ++s) ours[s] = hits(2, 10);
  CHECK(difference(many, ours).resolvable == doctest::Approx(1.96 * 0.1 / std::sqrt(39.0)));
}

TEST_CASE("statistics: only an arm with the baseline's seeds is compared with it; rows must fit together") {
  const Hits some = hits(1, 4);
  const auto compared = [&](const std::vector<ResultRow>& rows) {
    return !summary_of(rows).arms.at(1).differences.empty();
  };
  CHECK(compared({row("control", 1, some), row("ours", 1, some)}));
  CHECK_FALSE(compared({row("control", 1, some), row("ours", 2, some)}));
  CHECK_FALSE(compared({row("control", 1, some), row("ours", 1, some), row("control", 2, some)}));
  CHECK_FALSE(compared({row("other", 1, some), row("ours", 1, some)}));  // there is no baseline
  CHECK_THROWS_WITH_AS(summary_of({row("control", 1, some), row("control", 1, some)}),
                       doctest::Contains("two rows of control with seed 1"), ag::Error);
  CHECK_THROWS_WITH_AS(summary_of({row("control", 1, some), row("ours", 1, hits(1, 5))}),
                       doctest::Contains("ours has other units"), ag::Error);
  CHECK_THROWS_AS(summary_of({}), ag::Error);
}

TEST_CASE("the printed table is 80 columns wide, and its headers are above their columns") {
  Results results = results_of({row("control", 1, hits(3, 4)), row("control", 2, hits(2, 4)),
                                row("p2rec_shuffled", 1, hits(2, 4)), row("p2rec_shuffled", 2, hits(1, 4))});
  results.measures = {"HR@10", "NDCG@10"};
  results.headline = results.measures;
  results.facts = {"epochs", "reach"};
  for (ResultRow& r : results.rows) r.facts.push_back(r.arm == "control" ? 3 : NAN);
  results.arm = "start";
  results.unit = "user";
  for (ResultRow& r : results.rows) r.values.push_back(r.values[0]);
  results.splits = {{"odd", "some of them", {1, 3}}};
  const std::string text = splits_text(summarise(results));
  std::istringstream lines(text);
  const auto place = [](const std::string& line, const std::string& part) {
    const size_t at = line.find(part);
    REQUIRE(at != std::string::npos);
    return std::count_if(line.begin(), line.begin() + static_cast<ptrdiff_t>(at),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  };
  std::vector<std::string> table;
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(place(line + "\n", "\n") <= 80);
    table.push_back(line);
  }
  REQUIRE(table.size() == 9);
  CHECK(text.starts_with(summary_table(summarise(results)) + "\n2 users, odd: some of them\nstart "));
  CHECK(table[3] == "mean ± standard deviation over 2 seeds; [95% bootstrap over users and seeds]");
  CHECK(place(table[0], "HR@10") == place(table[2], "0.3750"));
  CHECK(place(table[0], "NDCG@10") == place(table[2], "0.3750 ±0.1768"));
  CHECK(place(table[0], "dNDCG@10 vs control") == place(table[2], "-0.2500 ["));
  CHECK(table[1].ends_with("     15      3"));
  CHECK(table[2].ends_with("     15      -"));
}
