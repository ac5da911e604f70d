// The statistics that compare the starts: spread, paired differences and their bootstrap intervals, on ranks where each is known.
#include <cmath>

#include "autograd/rng.h"
#include "p2rec/run/results.h"
#include "tests/testing.h"

using namespace p2rec;

namespace {

using Ranks = std::vector<int64_t>;

constexpr int64_t kFirst = 0, kMiss = 100;  // worth 1 and 0 by every measure at every cutoff

ResultRow row(const std::string& start, uint64_t seed, const Ranks& ranks) {
  return {"sasrec", start, seed, 10 * static_cast<int64_t>(seed), 1, metrics_from_ranks(ranks), ranks};
}

// `hits` of `users` in the first place, the others nowhere.
Ranks hits(int64_t hits, int64_t users) {
  Ranks ranks(static_cast<size_t>(users), kMiss);
  std::fill_n(ranks.begin(), hits, kFirst);
  return ranks;
}

// HR@10 of p2rec less random's.
Difference difference(const std::vector<Ranks>& random, const std::vector<Ranks>& ours) {
  std::vector<ResultRow> rows;
  for (size_t s = 0; s < random.size(); ++s) rows.push_back(row("random", s + 1, random[s]));
  for (size_t s = 0; s < ours.size(); ++s) rows.push_back(row("p2rec", s + 1, ours[s]));
  return summarise(rows).at(1).difference.hr.at(1);
}

// Chance decides who is hit, the same for the same seed.
Ranks coins(uint32_t seed, size_t users) {
  Ranks ranks;
  for (size_t u = 0; u < users; ++u)
    ranks.push_back(ag::random_below({seed, 0, 0}, u, 2) == 0 ? kFirst : kMiss);
  return ranks;
}

}  // namespace

TEST_CASE("statistics: mean and standard deviation with n - 1, none of a single value") {
  const Estimate e = estimate({2, 4, 4, 4, 5, 5, 7, 9});
  CHECK(e.mean == doctest::Approx(5));
  CHECK(e.std == doctest::Approx(std::sqrt(32.0 / 7)));
  CHECK(estimate({3}).mean == 3);
  CHECK(estimate({3}).std == 0);
}

TEST_CASE("statistics: a start's metrics and epochs are means over its seeds") {
  const std::vector<StartSummary> summary =
      summarise({row("random", 1, hits(1, 4)), row("random", 2, hits(2, 4)), row("random", 3, hits(3, 4))});
  REQUIRE(summary.size() == 1);
  CHECK(summary[0].seeds == 3);
  CHECK(summary[0].epochs == doctest::Approx(20));
  CHECK(summary[0].hr.at(1).mean == doctest::Approx(0.5));
  CHECK(summary[0].hr.at(1).std == doctest::Approx(0.25));
  CHECK(summary[0].difference.hr.empty());
}

TEST_CASE("statistics: users are compared with themselves") {
  // The same users are hit, half of them: unpaired, the interval would be wide.
  const std::vector<Ranks> same = {coins(1, 50), coins(2, 50), coins(3, 50)};
  const Difference none = difference(same, same);
  CHECK(none.mean == 0);
  CHECK(none.low == 0);
  CHECK(none.high == 0);
  CHECK(none.resolvable == 0);
}

TEST_CASE("statistics: the interval draws seeds") {
  // All users of a seed differ alike, so that only the seeds' drawing is left: all three draws are the least one with a chance
  // of 1/27, which is more than the 2.5% that the interval leaves out on each side.
  const Ranks miss = hits(0, 40), hit = hits(40, 40);
  const Difference d = difference({miss, miss, hit}, {miss, hit, miss});  // 0, 1, -1
  CHECK(d.mean == doctest::Approx(0));
  CHECK(d.low == doctest::Approx(-1));
  CHECK(d.high == doctest::Approx(1));
  // Of four draws from 0, 0, 0 and 1 all are ones with a chance of 1/256, three or more with 13/256.
  const Difference four = difference({miss, miss, miss, miss}, {miss, miss, miss, hit});
  CHECK(four.low == doctest::Approx(0));
  CHECK(four.high == doctest::Approx(0.75));
}

TEST_CASE("statistics: the interval draws users, and leaves out 2.5% on each side") {
  constexpr int64_t kUsers = 400;
  const std::vector<Ranks> random = {hits(0, kUsers), hits(0, kUsers)};
  const std::vector<Ranks> ours = {hits(100, kUsers), hits(100, kUsers)};
  const Difference d = difference(random, ours);
  CHECK(d.mean == doctest::Approx(0.25));
  const double standard_error = std::sqrt(0.25 * 0.75 / kUsers);
  CHECK(d.low == doctest::Approx(0.25 - 1.96 * standard_error).epsilon(0.02));
  CHECK(d.high == doctest::Approx(0.25 + 1.96 * standard_error).epsilon(0.02));
}

TEST_CASE("statistics: the smallest difference that so many seeds would show is Student's") {
  const Ranks nobody = hits(0, 10);
  const std::vector<Ranks> random(3, nobody);
  // Differences 0.1, 0.2 and 0.6 have the variance 0.07; t(0.975) with two degrees of freedom is 4.303.
  const Difference d = difference(random, {hits(1, 10), hits(2, 10), hits(6, 10)});
  CHECK(d.mean == doctest::Approx(0.3));
  CHECK(d.resolvable == doctest::Approx(4.303 * std::sqrt(0.07 / 3)));
  CHECK(std::isinf(difference({nobody}, {hits(1, 10)}).resolvable));
  // Beyond 31 seeds the normal's quantile stands for Student's.
  std::vector<Ranks> many(40, nobody), ours(40, nobody);
  for (size_t s = 0; s < 20; ++s) ours[s] = hits(2, 10);
  CHECK(difference(many, ours).resolvable == doctest::Approx(1.96 * 0.1 / std::sqrt(39.0)));
}

TEST_CASE("statistics: only a start with random's seeds is compared with it, and no seed comes twice") {
  const Ranks ranks = hits(1, 4);
  const auto compared = [&](std::vector<ResultRow> rows) {
    return !summarise(rows).at(1).difference.hr.empty();
  };
  CHECK(compared({row("random", 1, ranks), row("p2rec", 1, ranks)}));
  CHECK_FALSE(compared({row("random", 1, ranks), row("p2rec", 2, ranks)}));
  CHECK_FALSE(compared({row("random", 1, ranks), row("p2rec", 1, ranks), row("random", 2, ranks)}));
  CHECK_THROWS_WITH_AS(summarise({row("random", 1, ranks), row("random", 1, ranks)}),
                       doctest::Contains("two rows for start random and seed 1"), ag::Error);
}
