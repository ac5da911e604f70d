#include "06_ranking_and_its_traps/d_sampled_ranking.h"

#include <algorithm>
#include <cmath>

#include "autograd/rng.h"

using exercise::n06d::sampled_hit;

namespace {

// The same by drawing 20,000 samples.
double drawn_hit(double p, int n, int K) {
  const ag::RandomKey key{1, 0, ag::stream("exercise 06d")};
  int hits = 0;
  uint64_t element = 0;
  for (int sample = 0; sample < 20'000; ++sample) {
    int before = 0;
    for (int i = 0; i < n; ++i) before += ag::random_uniform(key, element++) < p;
    hits += before < K;
  }
  return hits / 20'000.0;
}

struct HitRates {
  double all = 0, sampled = 0;
};
HitRates rates(const std::vector<int64_t>& ranks) {
  HitRates mean;
  for (const int64_t rank : ranks) {
    mean.all += rank < 10 ? 0.01 : 0;
    const double p = static_cast<double>(rank) / 9999;
    // The sum by logarithms.
    for (int x = 0; x < 10; ++x) {
      const double ways = std::lgamma(101) - std::lgamma(x + 1) - std::lgamma(101 - x);
      mean.sampled += 0.01 * std::exp(ways) * std::pow(p, x) * std::pow(1 - p, 100 - x);
    }
  }
  return mean;
}

}  // namespace

EXERCISE("06d", 3, "Why sampled ranking misleads") {
  grade.part("the expected hit", [&] {
    grade.close("the hit of a perfect target", sampled_hit(0, 10'000, 100, 10), 1);
    grade.close("the hit of the middle in one sample", sampled_hit(5, 11, 1, 1), 0.5);
    const double two = sampled_hit(5, 11, 2, 1);
    if (!grade.close("the hit of the middle in two samples", two, 0.25))
      grade.check(!exercise::is_close(two, 0.75), "x < K: for K = 1 only the term x = 0");
    const double got = sampled_hit(1000, 10'001, 100, 10), drawn = drawn_hit(0.1, 100, 10);
    if (!grade.close("the hit of the best tenth, against 20,000 draws", got, drawn, 0.015))
      grade.check(!exercise::is_close(got, 0.583, 0.01), "the sum has a term too many: x < K, not x <= K");
  });
  grade.part("the last place", [&] {
    const double last = sampled_hit(9999, 10'000, 100, 10);
    if (!grade.close("the hit of a target after all others", last, 0))
      grade.check(!std::isnan(last), "p = 1 divides by 1 - p = 0: then X = n");
    grade.close("the hit if the sample is smaller than K", sampled_hit(9999, 10'000, 5, 10), 1);
  });
  grade.part("two recommenders in the wrong order", [&] {
    const exercise::n06d::Fooled ranks = exercise::n06d::two_recommenders();
    const auto valid = [](const std::vector<int64_t>& list) {
      return list.size() == 100 &&
             std::ranges::all_of(list, [](int64_t rank) { return rank >= 0 && rank < 10'000; });
    };
    if (!grade.check(valid(ranks.A) && valid(ranks.B), "expected 100 ranks from 0 to 9999 in each list"))
      return;
    const HitRates A = rates(ranks.A), B = rates(ranks.B);
    const std::string numbers = ag::message("HR@10 among all: A ", A.all, ", B ", B.all,
                                            "; among samples: A ", A.sampled, ", B ", B.sampled);
    grade.check(A.all > B.all, "A is not better among all items. " + numbers);
    grade.check(B.sampled > A.sampled, "B is not better among samples. " + numbers);
  });
}
