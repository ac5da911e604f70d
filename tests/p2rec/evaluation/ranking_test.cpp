// The order of items; ranks, HR, NDCG and MRR, compared with NumPy.
#include "p2rec/evaluation/ranking.h"

#include <algorithm>
#include <cmath>

#include "tests/parity.h"

using p2rec::metrics_from_ranks;
using p2rec::rank_of_target;
using p2rec::Ties;
using p2rec::top_items;

namespace {

using Scores = std::vector<ag::real>;
using Items = std::vector<int32_t>;

Items ints_between(const ag::Tensor& packed, const ag::Tensor& offsets, int64_t i) {
  return {packed.ints() + offsets.ints()[i], packed.ints() + offsets.ints()[i + 1]};
}

}  // namespace

TEST_CASE("ranking: rank, top items, HR, NDCG and MRR equal NumPy's, with ties and removed items") {
  const nn::TensorFile file = testing::fixture("ranking.safetensors");
  const ag::Tensor &scores = file.at("ranking.scores"), &target = file.at("ranking.target");
  const int64_t users = scores.dim(0), items = scores.dim(1);
  REQUIRE(users == 40);
  std::vector<int64_t> ranks;
  for (int64_t user = 0; user < users; ++user) {
    CAPTURE(user);
    const std::span<const ag::real> mine(scores.data() + user * items, static_cast<size_t>(items));
    const Items removed = ints_between(file.at("ranking.removed"), file.at("ranking.removed_offsets"), user);
    ranks.push_back(rank_of_target(mine, target.ints()[user], removed, Ties::ByIndex));
    CHECK(ranks.back() == file.at("ranking.rank").ints()[user]);
    CHECK(rank_of_target(mine, target.ints()[user], {}, Ties::ByIndex) ==
          file.at("ranking.rank_unfiltered").ints()[user]);
    CHECK(rank_of_target(mine, target.ints()[user], removed) ==
          file.at("ranking.rank_ties_against").ints()[user]);
    const int32_t* top = file.at("ranking.top").ints() + user * 10;
    CHECK(top_items(mine, 10, removed) == Items(top, top + 10));
  }
  const p2rec::Metrics metrics = metrics_from_ranks(ranks);
  const std::vector<std::vector<double>> values = p2rec::gains(ranks);
  REQUIRE(values.size() == metrics.size());
  CHECK(static_cast<int64_t>(values[0].size()) == users);
  CHECK(values[0][0] == gain(p2rec::Measure::HR, ranks[0], 5));
  const testing::Parity parity("ranking", file);
  const double rounded = testing::tolerance::kF64 ? 1e-14 : 1e-7;  // the f32 build reads the fixture in f32
  const std::pair<const char*, const char*> measures[] = {
      {"HR", "ranking.hr"}, {"NDCG", "ranking.ndcg"}, {"MRR", "ranking.mrr"}};
  for (const auto& [measure, name] : measures) {
    for (int k = 0; k < 3; ++k) {
      const double found =
          metrics.at(measure + ("@" + std::to_string(p2rec::kUsualCutoffs[static_cast<size_t>(k)])));
      parity.check_error(measure, std::abs(found - file.at(name).data()[k]), rounded, "absolute");
    }
  }
}

TEST_CASE("ranking: among candidates, and block by block, the rank is NumPy's too") {
  const nn::TensorFile file = testing::fixture("ranking.safetensors");
  const ag::Tensor &scores = file.at("ranking.scores"), &candidates = file.at("ranking.candidates");
  const int64_t items = scores.dim(1), drawn = candidates.dim(1);
  for (int64_t user = 0; user < scores.dim(0); ++user) {
    CAPTURE(user);
    const ag::real* mine = scores.data() + user * items;
    const int32_t item = file.at("ranking.target").ints()[user];
    const p2rec::ScoredItem target{item, mine[item]};
    const Items rivals(candidates.ints() + user * drawn, candidates.ints() + (user + 1) * drawn);
    Scores theirs;
    for (const int32_t rival : rivals) theirs.push_back(mine[rival]);
    const auto before = [&](Ties ties) { return p2rec::count_before(target, theirs, rivals, ties).before; };
    CHECK(before(Ties::ByIndex) == file.at("ranking.rank_sampled").ints()[user]);
    CHECK(before(Ties::AgainstTarget) == file.at("ranking.rank_sampled_ties_against").ints()[user]);

    const Items removed = p2rec::sorted_distinct(
        ints_between(file.at("ranking.removed"), file.at("ranking.removed_offsets"), user));
    for (const int64_t size : {1, 7, 60, 100}) {
      int64_t rank = 0, against = 0;
      for (int64_t first = 0; first < items; first += size) {
        const std::span<const ag::real> block(mine + first,
                                              static_cast<size_t>(std::min(size, items - first)));
        const auto start = static_cast<int32_t>(first);
        rank += p2rec::count_before(target, block, start, removed, Ties::ByIndex).before;
        against += p2rec::count_before(target, block, start, removed, Ties::AgainstTarget).before;
      }
      CHECK(rank == file.at("ranking.rank").ints()[user]);
      CHECK(against == file.at("ranking.rank_ties_against").ints()[user]);
    }
  }
}

TEST_CASE("ranking: scores that are not finite are counted, also the target's") {
  const Scores scores = {1, ag::real(NAN), 3, ag::real(INFINITY)};
  CHECK(p2rec::count_before({0, scores[0]}, scores, 0, {}, Ties::ByIndex).not_finite == 2);
  CHECK(p2rec::count_before({1, scores[1]}, scores, 0, {}, Ties::ByIndex).not_finite == 2);
  CHECK(p2rec::count_before({9, 2}, scores, 0, {}, Ties::ByIndex).not_finite == 2);
  CHECK(p2rec::count_before({9, 2}, scores, Items{1, 2, 3, 4}, Ties::ByIndex).not_finite == 2);
}

TEST_CASE("ranking: ties count against the target, or the higher index is first") {
  const Scores constant(10, ag::real(0.5));
  double mean = 0;
  for (int32_t target = 0; target < 10; ++target) {
    CHECK(rank_of_target(constant, target, {}) == 9);
    CHECK(rank_of_target(constant, target, {}, Ties::ByIndex) == 9 - target);
    mean += double(rank_of_target(constant, target, {}, Ties::ByIndex)) / 10;
  }
  CHECK(mean == doctest::Approx(4.5));
  CHECK(top_items(constant, 3, {}) == Items{9, 8, 7});
}

TEST_CASE("ranking: removed items do not count, in any order and number; the target always does") {
  const Scores scores = {5, 4, 3, 2, 1};
  CHECK(rank_of_target(scores, 3, {}) == 3);
  CHECK(rank_of_target(scores, 3, Items{1}) == 2);
  CHECK(rank_of_target(scores, 3, Items{2, 0, 0, 2, 2}) == 1);
  CHECK(rank_of_target(scores, 3, Items{4}) == 3);        // item 4 was after the target
  CHECK(rank_of_target(scores, 3, Items{3, 3, 0}) == 2);  // the target itself stays
  CHECK(top_items(scores, 2, Items{1, 0, 1}) == Items{2, 3});
  CHECK(top_items(scores, 9, Items{0, 1, 2}) == Items{3, 4});  // fewer are left
  CHECK(top_items(scores, 0, {}).empty());
  CHECK(top_items(scores, 3, Items{0, 1, 2, 3, 4}).empty());
}

TEST_CASE("ranking: the target's place in the top list is its rank") {
  Scores scores;
  for (int i = 0; i < 97; ++i) scores.push_back(ag::real(i * 31 % 17));
  const Items removed = {3, 50, 3, 96, 12};
  const Items order = top_items(scores, 97, removed);
  REQUIRE(order.size() == 93);
  for (size_t place = 0; place < order.size(); ++place) {
    CHECK(rank_of_target(scores, order[place], removed, Ties::ByIndex) == int64_t(place));
  }
}

TEST_CASE("ranking: HR, NDCG and MRR by hand") {
  const p2rec::Metrics metrics = metrics_from_ranks({0, 1, 4, 5, 100}, {1, 5, 10});
  CHECK(metrics.at("HR@1") == doctest::Approx(0.2));
  CHECK(metrics.at("HR@5") == doctest::Approx(0.6));
  CHECK(metrics.at("HR@10") == doctest::Approx(0.8));
  CHECK(metrics.at("NDCG@1") == doctest::Approx(0.2));
  CHECK(metrics.at("NDCG@5") ==
        doctest::Approx((1 + 1 / std::log2(3) + 1 / std::log2(6)) / 5).epsilon(1e-12));
  CHECK(metrics.at("NDCG@10") ==
        doctest::Approx((1 + 1 / std::log2(3) + 1 / std::log2(6) + 1 / std::log2(7)) / 5).epsilon(1e-12));
  CHECK(metrics.at("MRR@1") == doctest::Approx(0.2));
  CHECK(metrics.at("MRR@5") == doctest::Approx((1 + 1.0 / 2 + 1.0 / 5) / 5).epsilon(1e-12));
  CHECK(metrics.at("MRR@10") == doctest::Approx((1 + 1.0 / 2 + 1.0 / 5 + 1.0 / 6) / 5).epsilon(1e-12));
}

TEST_CASE("ranking: scores that are not numbers and items outside the catalogue are errors") {
  for (ag::real bad : {ag::real(NAN), ag::real(INFINITY), ag::real(-INFINITY)}) {
    for (size_t place = 0; place < 3; ++place) {
      Scores scores = {1, 2, 3};
      scores[place] = bad;
      CHECK_THROWS_WITH_AS(rank_of_target(scores, 1, {}),
                           doctest::Contains("1 of 3 scores are NaN or infinite"), ag::Error);
      CHECK_THROWS_AS(top_items(scores, 1, {}), ag::Error);
    }
  }
  const Scores scores = {1, 2, 3};
  CHECK_THROWS_AS(rank_of_target(scores, 3, {}), ag::Error);
  CHECK_THROWS_AS(rank_of_target(scores, -1, {}), ag::Error);
  CHECK_THROWS_AS(rank_of_target(scores, 0, Items{3}), ag::Error);
  CHECK_THROWS_AS(top_items(scores, 1, Items{-1}), ag::Error);
  CHECK_THROWS_AS(top_items(scores, -1, {}), ag::Error);
  CHECK_THROWS_AS(rank_of_target({}, 0, {}), ag::Error);
  CHECK_THROWS_WITH_AS(metrics_from_ranks({}), doctest::Contains("at least 3 interactions"), ag::InputError);
  CHECK_THROWS_AS(metrics_from_ranks({-1}), ag::Error);
  CHECK_THROWS_AS(metrics_from_ranks({1}, {0}), ag::Error);
}
