#include "models/llama/sampling.h"

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/paths.h"
#include "tests/testing.h"

using ag::Tensor;
using models::Candidate;
using models::Sampling;

namespace {

std::vector<int32_t> ids_of(const std::vector<Candidate>& list) {
  std::vector<int32_t> ids;
  for (const Candidate& c : list) ids.push_back(c.id);
  return ids;
}

Tensor logits_of(std::vector<double> probabilities) {
  for (double& p : probabilities) p = std::log(p);
  const auto V = static_cast<int64_t>(probabilities.size());
  return Tensor::from({V}, probabilities);
}

std::vector<int32_t> kept(const std::vector<double>& probabilities, const Sampling& sampling) {
  return ids_of(models::candidates(logits_of(probabilities), sampling));
}

// Draws many tokens and compares their frequencies with the expected probabilities:
// Pearson's chi-square must be below its 99.9% quantile for up to three degrees of freedom.
// The seed is fixed, so the test is deterministic.
void check_distribution(const Tensor& logits, const Sampling& sampling, const std::vector<double>& expected) {
  constexpr int64_t kDraws = 40'000;
  constexpr double kQuantile = 16.27;
  std::vector<int64_t> count(expected.size());
  for (int64_t i = 0; i < kDraws; ++i)
    ++count.at(static_cast<size_t>(models::next_token(logits, sampling, i)));
  double chi_square = 0;
  for (size_t id = 0; id < expected.size(); ++id) {
    const double mean = expected[id] * kDraws, difference = static_cast<double>(count[id]) - mean;
    CAPTURE(id);
    CAPTURE(count[id]);
    if (expected[id] == 0) {
      CHECK(count[id] == 0);
    } else {
      chi_square += difference * difference / mean;
    }
  }
  CHECK(chi_square < kQuantile);
  CHECK(chi_square > 0);
}

}  // namespace

TEST_CASE("the remaining tokens and their probabilities are those of transformers' warpers") {
  std::ifstream in(fixtures() + "/sampling.json");
  const auto json = nlohmann::json::parse(in);
  REQUIRE(json.at("cases").size() == 32);
  for (const auto& c : json.at("cases")) {
    const auto row = json.at("logits").at(c.at("row").get<size_t>()).get<std::vector<double>>();
    const Tensor logits = Tensor::from({static_cast<int64_t>(row.size())}, row);
    const Sampling sampling{c.at("temperature"), c.at("top_k"), c.at("top_p"), 1};
    CAPTURE(c.dump());
    const std::vector<Candidate> found = models::candidates(logits, sampling);
    CHECK(ids_of(found) == c.at("kept").get<std::vector<int32_t>>());
    const auto expected = c.at("probabilities").get<std::vector<double>>();
    REQUIRE(found.size() == expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
      CHECK(std::abs(found[i].probability - expected[i]) <= 1e-10 * expected[i] + 1e-300);
    }
  }
}

TEST_CASE("tokens are drawn by softmax(logits / temperature)") {
  const Tensor logits = logits_of({0.1, 0.5, 0.15, 0.25});
  check_distribution(logits, {1, 0, 1, 7}, {0.1, 0.5, 0.15, 0.25});
  const double squares = 0.01 + 0.25 + 0.0225 + 0.0625;
  check_distribution(logits, {0.5, 0, 1, 8},
                     {0.01 / squares, 0.25 / squares, 0.0225 / squares, 0.0625 / squares});
  const double roots = std::sqrt(0.1) + std::sqrt(0.5) + std::sqrt(0.15) + std::sqrt(0.25);
  check_distribution(
      logits, {2, 0, 1, 9},
      {std::sqrt(0.1) / roots, std::sqrt(0.5) / roots, std::sqrt(0.15) / roots, std::sqrt(0.25) / roots});
}

TEST_CASE("the remaining probabilities are renormalised") {
  const Tensor logits = logits_of({0.1, 0.5, 0.15, 0.25});
  check_distribution(logits, {1, 2, 1, 7}, {0, 2.0 / 3, 0, 1.0 / 3});
  check_distribution(logits, {1, 0, 0.8, 7}, {0, 5.0 / 9, 1.5 / 9, 2.5 / 9});
  check_distribution(logits, {1, 3, 0.8, 7},
                     {0, 2.0 / 3, 0, 1.0 / 3});  // top-k keeps 0.9; 0.75 / 0.9 of that is at least p
  check_distribution(Tensor::from({3}, {0, -INFINITY, 0}), {1, 0, 1, 7}, {0.5, 0, 0.5});
}

TEST_CASE("top-p keeps the fewest tokens that sum to at least p") {
  const std::vector<double> p = {0.1, 0.5, 0.15, 0.25};
  CHECK(kept(p, {1, 0, 1e-9, 1}) == std::vector<int32_t>{1});
  CHECK(kept(p, {1, 0, 0.499, 1}) == std::vector<int32_t>{1});
  CHECK(kept(p, {1, 0, 0.501, 1}) == std::vector<int32_t>{1, 3});
  CHECK(kept(p, {1, 0, 0.749, 1}) == std::vector<int32_t>{1, 3});
  CHECK(kept(p, {1, 0, 0.751, 1}) == std::vector<int32_t>{1, 3, 2});
  CHECK(kept(p, {1, 0, 0.901, 1}) == std::vector<int32_t>{1, 3, 2, 0});
  CHECK(kept(p, {1, 0, 1, 1}) == std::vector<int32_t>{1, 3, 2, 0});
  // With four equal tokens the sums are exact.
  const std::vector<double> equal = {1, 1, 1, 1};
  CHECK(kept(equal, {1, 0, 0.25, 1}) == std::vector<int32_t>{0});
  CHECK(kept(equal, {1, 0, 0.5, 1}) == std::vector<int32_t>{0, 1});
  CHECK(kept(equal, {1, 0, 0.75, 1}) == std::vector<int32_t>{0, 1, 2});
  CHECK(kept(equal, {1, 0, 0.76, 1}) == std::vector<int32_t>{0, 1, 2, 3});
}

TEST_CASE("top-k keeps exactly k tokens, of equal ones those with the lowest ids") {
  CHECK(kept({1, 3, 2, 3, 3}, {1, 1, 1, 1}) == std::vector<int32_t>{1});
  CHECK(kept({1, 3, 2, 3, 3}, {1, 2, 1, 1}) == std::vector<int32_t>{1, 3});
  CHECK(kept({1, 3, 2, 3, 3}, {1, 4, 1, 1}) == std::vector<int32_t>{1, 3, 4, 2});
  CHECK(kept({1, 3, 2, 3, 3}, {1, 99, 1, 1}) == std::vector<int32_t>{1, 3, 4, 2, 0});
}

TEST_CASE("the temperature comes first, then top-k, then top-p") {
  // At temperature 0.5 the probabilities are 0.66, 0.24 and 0.11; at
  // temperature 1, 0.6 would need two tokens.
  CHECK(kept({0.5, 0.3, 0.2}, {0.5, 0, 0.6, 1}) == std::vector<int32_t>{0});
  CHECK(kept({0.5, 0.3, 0.2}, {1, 0, 0.6, 1}) == std::vector<int32_t>{0, 1});
  // top-k keeps two of four equal tokens; after renormalisation each of them has probability 0.5.
  CHECK(kept({1, 1, 1, 1}, {1, 2, 0.5, 1}) == std::vector<int32_t>{0});
}

TEST_CASE("pick") {
  const std::vector<Candidate> list = {{7, 0.5}, {3, 0.25}, {9, 0.25}, {1, 0}};
  CHECK(models::pick(list, 0) == 7);
  CHECK(models::pick(list, 0.4999) == 7);
  CHECK(models::pick(list, 0.5) == 3);
  CHECK(models::pick(list, 0.7499) == 3);
  CHECK(models::pick(list, 0.75) == 9);
  CHECK(models::pick(list, 0.9999999) == 9);
  CHECK(models::pick({{7, 0.5}, {3, 0.4999999}, {1, 0}}, 0.99999999) == 3);  // the sum is slightly below one
}

TEST_CASE("the temperature's extremes") {
  const std::vector<double> p = {0.2, 0.5, 0.3};
  CHECK(models::candidates(logits_of(p), {1e-300, 0, 1, 1}).at(0).probability == 1);
  for (const Candidate& c : models::candidates(logits_of(p), {1e300, 0, 1, 1})) {
    CHECK(std::abs(c.probability - 1.0 / 3) < 1e-12);
  }
  CHECK(models::next_token(logits_of(p), {1e-300, 0, 1, 1}, 0) == 1);
}

TEST_CASE("invalid logits and settings") {
  const Tensor good = logits_of({0.5, 0.5});
  CHECK_THROWS_AS(models::candidates(Tensor::from({2}, {0, NAN}), {1, 0, 1, 1}), ag::Error);
  CHECK_THROWS_AS(models::candidates(Tensor::from({2}, {0, INFINITY}), {1, 0, 1, 1}), ag::Error);
  CHECK_THROWS_AS(models::candidates(Tensor::from({2}, {-INFINITY, -INFINITY}), {1, 0, 1, 1}), ag::Error);
  CHECK_THROWS_AS(models::next_token(Tensor::from({2}, {0, NAN}), {}, 0), ag::Error);
  CHECK_THROWS_AS(models::candidates(good, {0, 0, 1, 1}), ag::Error);
  CHECK_THROWS_AS(models::candidates(good, {-1, 0, 1, 1}), ag::Error);
  CHECK_THROWS_AS(models::candidates(good, {1, -1, 1, 1}), ag::Error);
  CHECK_THROWS_AS(models::candidates(good, {1, 0, 0, 1}), ag::Error);
  CHECK_THROWS_AS(models::candidates(good, {1, 0, 1.01, 1}), ag::Error);
}

TEST_CASE("greedy: of equal logits the lowest id") {
  CHECK(models::next_token(Tensor::from({4}, {1, 3, 3, 2}), {}, 0) == 1);
}
