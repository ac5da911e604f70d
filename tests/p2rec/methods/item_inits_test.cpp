// Item inits: scale, principal components, shuffled rows, and vectors under an adapter.
#include "p2rec/methods/p2rec/p2rec.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "autograd/rng.h"
#include "tests/testing.h"

using namespace p2rec;
using ag::Tensor;

namespace {

constexpr int64_t kItems = 12, kWide = 7, kNarrow = 4;

Tensor random(int64_t columns, uint32_t stream, double mean) {
  Tensor x = Tensor::empty({kItems, columns});
  for (int64_t i = 0; i < x.numel(); ++i)
    x.data()[i] = static_cast<ag::real>(mean + ag::random_normal({1, 0, stream}, static_cast<uint64_t>(i)));
  return x;
}

double std_of(const Tensor& x) {
  double sum = 0, squares = 0;
  for (const ag::real v : x.values()) sum += v, squares += double(v) * v;
  const auto n = static_cast<double>(x.numel());
  return std::sqrt(squares / n - sum / n * sum / n);
}

std::multiset<std::vector<ag::real>> rows_of(const Tensor& x) {
  std::multiset<std::vector<ag::real>> rows;
  for (int64_t i = 0; i < x.dim(0); ++i) rows.insert(x.rows(i, i + 1).values());
  return rows;
}

}  // namespace

TEST_CASE("a table gets the given standard deviation, and keeps the directions") {
  const Tensor x = random(kNarrow, 1, 3), table = scaled_to(x, 0.02);
  CHECK(std_of(table) == doctest::Approx(0.02).epsilon(1e-4));
  for (int64_t i = 1; i < x.numel(); ++i)
    CHECK(table.data()[i] * x.data()[0] == doctest::Approx(table.data()[0] * x.data()[i]).epsilon(1e-4));
  CHECK_THROWS_AS(scaled_to(Tensor::full({2, 2}, 1), 0.02), ag::Error);
}

TEST_CASE("vectors under an adapter: columns centred, standard deviation one") {
  const Tensor features = standardised(random(kWide, 1, 3));
  CHECK(features.shape() == ag::Shape{kItems, kWide});
  CHECK(std_of(features) == doctest::Approx(1).epsilon(1e-4));
  for (int64_t c = 0; c < kWide; ++c) {
    double mean = 0;
    for (int64_t i = 0; i < kItems; ++i) mean += features.data()[i * kWide + c] / double(kItems);
    CHECK(std::abs(mean) < 1e-5);
  }
}

TEST_CASE("shuffled rows are the same rows in another order, drawn by the seed") {
  const Tensor x = random(kWide, 1, 0), once = shuffled(x, 5);
  CHECK(rows_of(once) == rows_of(x));
  CHECK(once.values() != x.values());
  CHECK(shuffled(x, 5).values() == once.values());
  CHECK(shuffled(x, 6).values() != once.values());
}

TEST_CASE("random numbers depend on the name and the seed, and a group's items share their code") {
  CHECK(drawn({3, kNarrow}, "a", 1).values() == drawn({3, kNarrow}, "a", 1).values());
  CHECK(drawn({3, kNarrow}, "a", 1).values() != drawn({3, kNarrow}, "a", 2).values());
  CHECK(drawn({3, kNarrow}, "a", 1).values() != drawn({3, kNarrow}, "b", 1).values());
  const std::multiset<std::vector<ag::real>> codes =
      rows_of(take_rows(drawn({3, kNarrow}, "a", 1), {0, 1, 2, 0, 1, 2, 0}));
  CHECK(std::set<std::vector<ag::real>>(codes.begin(), codes.end()).size() == 3);
}

TEST_CASE("shuffled within groups, every row goes to an item of its own group, and most move") {
  constexpr int32_t kMany = 40;
  Tensor x = Tensor::empty({kMany, 1});
  std::vector<int32_t> group_of;
  for (int32_t i = 0; i < kMany; ++i) {
    x.data()[i] = static_cast<ag::real>(i);
    group_of.push_back(i * i % 3);  // 0 or 1
  }
  const std::vector<ag::real> rows = shuffled_in_groups(x, group_of, 1).values();
  int moved = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    CHECK(group_of[static_cast<size_t>(rows[i])] == group_of[i]);
    moved += rows[i] != static_cast<ag::real>(i);
  }
  CHECK(moved > kMany / 2);
  CHECK(std::set<ag::real>(rows.begin(), rows.end()).size() == kMany);
  CHECK(rows != shuffled_in_groups(x, group_of, 2).values());
}

TEST_CASE("a given start-std needs vectors that start the item table") {
  ItemInitConfig config;
  check(config, false);
  config.std = 1;
  check(config, true);
  CHECK_THROWS_WITH_AS(check(config, false), doctest::Contains("start-std: found 1"), ag::InputError);
}

TEST_CASE("P2Rec's inits: each names the stage that it needs, and one is the method") {
  const ItemInits& inits = p2rec_inits();
  using Stages = std::vector<std::string>;
  CHECK(init_named(inits, "random").stages.empty());
  CHECK(init_named(inits, "teacher").stages == Stages{"pretrain"});
  CHECK(init_named(inits, "groups").stages == Stages{"groups"});
  for (const char* name : {"p2rec", "p2rec_shuffled", "llm_untuned"})
    CHECK(init_named(inits, name).stages == Stages{"augment"});
  CHECK(std::ranges::count(inits.table, true, &ItemInit::is_the_method) == 1);
  CHECK(init_named(inits, "p2rec").is_the_method);
  CHECK(init_named(inits, "p2rec_shuffled_in_groups").stages == Stages{"augment", "groups"});
  CHECK(std::ranges::count(all_of(inits).known, "p2rec_shuffled_in_groups") == 1);
  CHECK(std::ranges::count(all_of(inits).inits, "p2rec_shuffled_in_groups") == 0);  // only if asked for
  CHECK_THROWS_AS(init_named(inits, "fantasy"), ag::Error);
}
