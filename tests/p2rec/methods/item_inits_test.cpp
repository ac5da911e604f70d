// Where a later recommender begins: scale, principal components, and what stands behind an adapter.
#include "p2rec/methods/p2rec/item_inits.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "autograd/rng.h"
#include "tests/testing.h"

using namespace p2rec;
using ag::Tensor;

namespace {

constexpr int64_t kItems = 12, kWide = 7, kNarrow = 4;

Tensor random(int64_t columns, uint32_t stream, double mean = 0) {
  Tensor x = Tensor::empty({kItems, columns});
  for (int64_t i = 0; i < x.numel(); ++i)
    x.data()[i] = static_cast<ag::real>(mean + ag::random_normal({1, 0, stream}, static_cast<uint64_t>(i)));
  return x;
}

StartInputs inputs() {
  StartInputs inputs{kItems, random(kWide, 1, 3), random(kWide, 2, -2), random(kNarrow, 3, 1), {}};
  inputs.groups.groups = 3;
  for (int32_t i = 0; i < kItems; ++i) inputs.groups.group_of.push_back(i % 3);
  return inputs;
}

double std_of(const Tensor& x) {
  double sum = 0, squares = 0;
  for (const ag::real v : x.values()) sum += v, squares += double(v) * v;
  const auto n = static_cast<double>(x.numel());
  return std::sqrt(squares / n - sum / n * sum / n);
}

std::set<std::vector<ag::real>> rows_of(const Tensor& x) {
  std::set<std::vector<ag::real>> rows;
  for (int64_t i = 0; i < x.dim(0); ++i) rows.insert(x.rows(i, i + 1).values());
  return rows;
}

}  // namespace

TEST_CASE("every start as a table: d columns, one standard deviation, the same for the same seed") {
  for (const std::string& start : start_names()) {
    CAPTURE(start);
    const Tensor table = start_table(start, inputs(), kNarrow, 0.02, 5);
    CHECK(table.shape() == ag::Shape{kItems, kNarrow});
    CHECK(std_of(table) == doctest::Approx(0.02).epsilon(1e-4));
    CHECK(start_table(start, inputs(), kNarrow, 0.02, 5).values() == table.values());
    const bool drawn = start == "random" || start == "groups" || start == "p2rec_shuffled";
    CHECK((start_table(start, inputs(), kNarrow, 0.02, 6).values() != table.values()) == drawn);
  }
  CHECK_THROWS_AS(start_table("fantasy", inputs(), kNarrow, 0.02, 1), ag::InputError);
}

TEST_CASE("every start behind an adapter: not reduced, columns centred, standard deviation one") {
  for (const std::string& start : start_names()) {
    CAPTURE(start);
    const Tensor features = start_features(start, inputs(), 5);
    CHECK(features.shape() == ag::Shape{kItems, start == "teacher" ? kNarrow : kWide});
    CHECK(std_of(features) == doctest::Approx(1).epsilon(1e-4));
    for (int64_t c = 0; c < features.dim(1); ++c) {
      double mean = 0;
      for (int64_t i = 0; i < kItems; ++i) mean += features.data()[i * features.dim(1) + c] / double(kItems);
      CHECK(std::abs(mean) < 1e-5);
    }
  }
}

TEST_CASE("shuffled rows are the same rows elsewhere, and a group's items share theirs") {
  const Tensor own = start_features("p2rec", inputs(), 5),
               shuffled = start_features("p2rec_shuffled", inputs(), 5);
  CHECK(own.values() != shuffled.values());
  const Tensor table = start_table("p2rec", inputs(), kNarrow, 1, 5),
               moved = start_table("p2rec_shuffled", inputs(), kNarrow, 1, 5);
  std::vector<ag::real> a = table.values(), b = moved.values();
  std::ranges::sort(a);
  std::ranges::sort(b);
  for (size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-4));
  CHECK(rows_of(start_table("groups", inputs(), kNarrow, 1, 5)).size() == 3);
  CHECK(rows_of(start_features("groups", inputs(), 5)).size() == 3);
}
