#include "p2rec/evaluation/known_truth.h"

#include "tests/testing.h"

using ag::Tensor;

TEST_CASE("known truth: purity counts the most frequent true group of each found group") {
  CHECK(p2rec::purity({0, 0, 1, 1}, {1, 1, 0, 0}) == 1);     // names do not matter
  CHECK(p2rec::purity({0, 0, 0, 0}, {0, 0, 0, 1}) == 0.75);  // one group
  CHECK(p2rec::purity({0, 1, 2, 3}, {0, 0, 1, 1}) == 1);     // more groups than the truth has
  CHECK(p2rec::purity({0, 0, 0, 1, 1}, {0, 0, 1, 0, 1}) == 0.6);
  CHECK_THROWS_AS(p2rec::purity({0, 1}, {0}), ag::Error);
}

TEST_CASE("known truth: preferences correlate through the items that groups share") {
  const p2rec::KnownTruth truth{{0, 0, 1, 1}, Tensor::from({3, 2}, {1, 0, 0, 1, 0.5, 0.5})};
  const Tensor swapped = Tensor::from({3, 2}, {0, 1, 1, 0, 0.5, 0.5});
  CHECK(p2rec::preference_correlation(swapped, {1, 1, 0, 0}, truth) == doctest::Approx(1));
  CHECK(p2rec::preference_correlation(swapped, {0, 0, 1, 1}, truth) == doctest::Approx(-1));
  // The third group's shares count for the first true group.
  const Tensor split = Tensor::from({3, 3}, {0.4, 0, 0.6, 0, 1, 0, 0.25, 0.5, 0.25});
  CHECK(p2rec::preference_correlation(split, {0, 2, 1, 1}, truth) == doctest::Approx(1));
  CHECK_THROWS_AS(p2rec::preference_correlation(Tensor::from({1, 2}, {1, 0}), {0, 0, 1, 1}, truth),
                  ag::Error);
}

TEST_CASE("known truth: neighbours are found by direction, not by length") {
  const Tensor vectors = Tensor::from({4, 2}, {1, 0, 9, 1, 0, 1, 1, 9});
  CHECK(p2rec::neighbours_of_group(vectors, {0, 0, 1, 1}, 1) == 1);
  CHECK(p2rec::neighbours_of_group(vectors, {0, 1, 1, 0}, 1) == 0);
  CHECK(p2rec::neighbours_of_group(vectors, {0, 0, 1, 1}, 3) == doctest::Approx(1.0 / 3));
}

TEST_CASE("nearest items: not the item itself; of equal ones the lower index is first; there may be few") {
  const Tensor vectors = Tensor::from({5, 2}, {1, 0, 0, 3, 5, 0, 2, 0, 0, 0});
  CHECK(p2rec::nearest_items(vectors, 0, 2) == std::vector<int32_t>{2, 3});
  CHECK(p2rec::nearest_items(vectors, 2, 2) == std::vector<int32_t>{0, 3});
  CHECK(p2rec::nearest_items(vectors, 1, 9).size() == 4);
}
