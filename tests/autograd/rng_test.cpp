// Random numbers: known answers, moments, and that they depend only on the key.
#include "autograd/rng.h"

#include <algorithm>

#include "autograd/ops.h"
#include "tests/autograd/threads.h"
#include "tests/testing.h"

using ag::RandomKey;
using ag::real;
using ag::Tensor;
using Words = std::array<uint32_t, 4>;

namespace {

constexpr int kDraws = 1 << 18;

// Mean of f(element) over kDraws elements.
template <class F>
double average(const F& f) {
  double total = 0;
  for (int i = 0; i < kDraws; ++i) total += f(static_cast<uint64_t>(i));
  return total / kDraws;
}

// A mean of n values with standard deviation s deviates by more than 5 s / sqrt(n) once in a million times.
double five_sigma(double standard_deviation, double n = kDraws) {
  return 5 * standard_deviation / std::sqrt(n);
}

}  // namespace

TEST_CASE("Philox4x32-10 gives the known answers") {  // kat_vectors of Random123 1.14
  constexpr uint32_t kOnes = 0xffffffff;
  CHECK(ag::philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(ag::philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(ag::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("each part of the key gives another stream") {
  const RandomKey key{1, 2, 3};
  const Words words = ag::random_block(key, 0);
  CHECK(ag::random_block({1, 2, 3}, 0) == words);
  CHECK(ag::random_block({2, 2, 3}, 0) != words);
  CHECK(ag::random_block({1 + (uint64_t{1} << 32), 2, 3}, 0) != words);
  CHECK(ag::random_block({1, 3, 3}, 0) != words);
  CHECK(ag::random_block({1, 2, 4}, 0) != words);
  CHECK(ag::random_block(key, 1) != words);
  CHECK(ag::random_block(key, uint64_t{1} << 32) != words);
  for (uint64_t i = 0; i < 12; ++i) CHECK(ag::random_bits(key, i) == ag::random_block(key, i / 4)[i % 4]);
}

TEST_CASE("eight blocks at once are the same numbers as one by one") {
  const RandomKey key{0x123456789abcdef0, 17, 23};
  // The last two need the second word of the counter, one of them only for its second half.
  for (uint64_t first :
       {uint64_t{0}, uint64_t{8}, uint64_t{1001}, uint64_t{0xfffffffc}, (uint64_t{1} << 40) + 5}) {
    uint32_t words[4][8];
    ag::random_blocks8(key, first, words);
    for (uint64_t i = 0; i < 8; ++i) {
      CAPTURE(first + i);
      CHECK(Words{words[0][i], words[1][i], words[2][i], words[3][i]} == ag::random_block(key, first + i));
    }
  }
}

TEST_CASE("uniform numbers are uniform") {
  const RandomKey key{11, 0, 5};
  const double mean = average([&](uint64_t i) { return ag::random_uniform(key, i); });
  const double square = average([&](uint64_t i) { return std::pow(ag::random_uniform(key, i), 2); });
  CHECK(std::abs(mean - 0.5) < five_sigma(std::sqrt(1.0 / 12)));
  CHECK(std::abs(square - 1.0 / 3) < five_sigma(std::sqrt(4.0 / 45)));
  // Pearson's statistic over n bins has mean n - 1 and variance 2 (n - 1).
  constexpr int kBins = 256;
  std::vector<double> count(kBins);
  for (uint64_t i = 0; i < kDraws; ++i) ++count[static_cast<size_t>(ag::random_uniform(key, i) * kBins)];
  double statistic = 0;
  for (double c : count) statistic += std::pow(c - double(kDraws) / kBins, 2) * kBins / kDraws;
  CHECK(std::abs(statistic - (kBins - 1)) < 5 * std::sqrt(2.0 * (kBins - 1)));
}

TEST_CASE("neighbouring elements, steps and streams are not correlated") {
  const auto centred = [](const RandomKey& key, uint64_t i) { return ag::random_uniform(key, i) - 0.5; };
  const RandomKey key{3, 7, 9};
  for (const RandomKey& other : {RandomKey{3, 8, 9}, RandomKey{3, 7, 10}, RandomKey{4, 7, 9}}) {
    CHECK(std::abs(average([&](uint64_t i) { return centred(key, i) * centred(other, i); })) <
          five_sigma(1.0 / 12));
  }
  for (uint64_t lag : {1, 2, 4}) {
    CHECK(std::abs(average([&](uint64_t i) { return centred(key, i) * centred(key, i + lag); })) <
          five_sigma(1.0 / 12));
  }
}

TEST_CASE("normal numbers have the moments of a normal distribution") {
  const RandomKey key{1, 1, 1};
  const auto moment = [&](int power) {
    return average([&](uint64_t i) { return std::pow(ag::random_normal(key, i), power); });
  };
  // E x^(2k) = 1, 3, 15, 105, ...
  CHECK(std::abs(moment(1)) < five_sigma(1));
  CHECK(std::abs(moment(2) - 1) < five_sigma(std::sqrt(3.0 - 1)));
  CHECK(std::abs(moment(3)) < five_sigma(std::sqrt(15.0)));
  CHECK(std::abs(moment(4) - 3) < five_sigma(std::sqrt(105.0 - 9)));
  CHECK(std::abs(average([&](uint64_t i) { return std::abs(ag::random_normal(key, i)) < 1.0; }) - 0.6826895) <
        five_sigma(0.4655));
}

TEST_CASE("random_below gives every number below n equally often") {
  constexpr uint32_t n = 7;
  std::vector<int> count(n);
  for (uint64_t i = 0; i < kDraws; ++i) ++count.at(ag::random_below({5, 5, 5}, i, n));
  for (int c : count) CHECK(std::abs(c / double(kDraws) - 1.0 / n) < five_sigma(std::sqrt(6.0 / 49)));
  CHECK(ag::random_below({5, 5, 5}, 0, 1) == 0);
}

TEST_CASE("a random permutation holds every number once") {
  for (int32_t n : {0, 1, 2, 3, 100, 1001}) {
    std::vector<int32_t> order = ag::random_permutation({1, 2, 3}, n);
    CHECK(order == ag::random_permutation({1, 2, 3}, n));
    if (n > 3) CHECK(order != ag::random_permutation({1, 3, 3}, n));
    std::sort(order.begin(), order.end());
    for (int32_t i = 0; i < n; ++i) CHECK(order[static_cast<size_t>(i)] == i);
  }
}

TEST_CASE("all permutations of four are equally likely") {
  constexpr uint32_t kPermutations = 24;
  std::map<std::vector<int32_t>, int> count;
  constexpr int kTries = 24'000;
  for (uint32_t step = 0; step < kTries; ++step) ++count[ag::random_permutation({9, step, 0}, 4)];
  REQUIRE(count.size() == kPermutations);
  for (const auto& [order, c] : count) {
    CHECK(std::abs(double(c) / kTries - 1.0 / kPermutations) < five_sigma(std::sqrt(23.0) / 24, kTries));
  }
}

TEST_CASE("dropout keeps the right share of elements, and scales them") {
  constexpr int64_t n = 100'003;
  for (double rate : {0.1, 0.5, 0.9}) {
    const double p = std::round(rate * 0x1p16) / 0x1p16;
    const Tensor x = Tensor::full({n}, 3), y = dropout(x, rate, {1, 2, 3});
    int64_t kept = 0;
    for (real v : y.values()) {
      if (v == 0) continue;
      ++kept;
      CHECK(v == doctest::Approx(3 / (1 - p)).epsilon(1e-6));
    }
    CHECK(std::abs(double(kept) / n - (1 - p)) < five_sigma(std::sqrt(p * (1 - p)), n));
  }
}

TEST_CASE("dropout's gradient has the same mask") {
  Tensor x = Tensor::full({50'001}, 1);
  x.set_requires_grad();
  const Tensor y = dropout(x, 0.3, {4, 5, 6});
  backward(y, Tensor::full({50'001}, 1));
  CHECK(x.grad().values() == y.values());
}

TEST_CASE("a dropout mask depends only on its key") {
  const auto mask = [](int64_t n, const RandomKey& key) {
    return dropout(Tensor::full({n}, 1), 0.5, key).values();
  };
  const std::vector<real> whole = mask(50'003, {7, 8, 9});
  CHECK(mask(50'003, {7, 8, 9}) == whole);
  CHECK(mask(50'003, {7, 8, 10}) != whole);
  CHECK(mask(50'003, {7, 9, 9}) != whole);
  CHECK(mask(50'003, {8, 8, 9}) != whole);
  // A longer tensor begins with the shorter one's mask.
  const std::vector<real> part = mask(1001, {7, 8, 9});
  CHECK(std::equal(part.begin(), part.end(), whole.begin()));
  for (int threads : {1, 2, 3}) {
    const testing::ThreadCount guard(threads);
    CHECK(mask(50'003, {7, 8, 9}) == whole);
  }
}

TEST_CASE("a row's dropout mask depends on the row's number, not on the other rows") {
  const RandomKey key{7, 8, 9};
  for (const int64_t C : {int64_t{1}, int64_t{32}, int64_t{50}, int64_t{64}, int64_t{130}}) {
    const auto mask = [&](int64_t R, const Tensor& rows) {
      return dropout(Tensor::full({R, C}, 1), 0.5, key, rows);
    };
    const Tensor whole = mask(6, {}), some = mask(3, Tensor::from_ints({4, 0, 5}));
    CHECK(some.rows(0, 1).values() == whole.rows(4, 5).values());
    CHECK(some.rows(1, 2).values() == whole.rows(0, 1).values());
    CHECK(some.rows(2, 3).values() == whole.rows(5, 6).values());
    if (C > 1) CHECK(whole.rows(0, 1).values() != whole.rows(1, 2).values());
  }
  CHECK_THROWS_WITH_AS(dropout(Tensor::full({3, 2}, 1), 0.5, key, Tensor::from_ints({1, 2})),
                       "dropout: (2) row numbers for x with shape (3, 2)", ag::Error);
}

TEST_CASE("dropout's rate is below one") {
  const Tensor x = Tensor::full({3}, 2);
  CHECK(dropout(x, 0, {1, 1, 1}).values() == x.values());
  for (double p : {-0.1, 1.0, 1 - 1e-12, 2.0, double(NAN)}) {
    if (p == 1 - 1e-12 && std::is_same_v<real, double>) continue;  // below one in f64, one in f32
    CHECK_THROWS_AS(dropout(x, p, {1, 1, 1}), ag::Error);
  }
}
