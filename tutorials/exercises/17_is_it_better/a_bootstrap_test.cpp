#include "17_is_it_better/a_bootstrap.h"

#include <cmath>

#include "autograd/rng.h"
#include "p2rec/evaluation/results.h"

using namespace exercise::n17a;

namespace {

constexpr size_t kSeeds = 5, kUsers = 120;

Below random_below() {
  return [draw = uint64_t{0}](size_t n) mutable {
    return ag::random_below({5, 0, ag::stream("exercise 17a")}, draw++, static_cast<uint32_t>(n));
  };
}

// x[s][u] = of_seed a_s + of_user b_u + 0.1 noise.
Gains gains(const std::string& name, double of_seed, double of_user) {
  const ag::Tensor a = exercise::normal(name + " seeds", {kSeeds}),
                   b = exercise::normal(name + " users", {kUsers}),
                   noise = exercise::normal(name + " noise", {kSeeds, kUsers});
  Gains x(kSeeds, std::vector<double>(kUsers));
  for (size_t s = 0; s < kSeeds; ++s) {
    for (size_t u = 0; u < kUsers; ++u)
      x[s][u] = of_seed * a.data()[s] + of_user * b.data()[u] + 0.1 * noise.data()[s * kUsers + u];
  }
  return x;
}

const Gains kNothing(kSeeds, std::vector<double>(kUsers, 0));

// The library's interval.
p2rec::Difference library(const Gains& ours, const Gains& baseline) {
  std::vector<p2rec::UnitValues> a, b;
  for (const auto& of_seed : ours) a.push_back({of_seed});
  for (const auto& of_seed : baseline) b.push_back({of_seed});
  return p2rec::differences(a, b)[0];
}

// True if the interval is as wide as the library's, up to a tenth.
bool as_wide(const Interval& got, const p2rec::Difference& right) {
  return std::abs((got.high - got.low) / (right.high - right.low) - 1) < 0.12;
}

}  // namespace

EXERCISE("17a", 4, "The paired bootstrap over users and seeds") {
  grade.part("the mean", [&] {
    const Gains ours{{0.5, 0.25}, {1, 0.25}}, baseline{{0.5, 0}, {0, 0.25}};
    grade.close("the mean difference", paired_bootstrap(ours, baseline, 40, random_below()).mean, 0.3125);
  });
  grade.part("users", [&] {  // they differ, the seeds do not
    const Gains ours = gains("a", 0, 1);
    const Interval got = paired_bootstrap(ours, kNothing, 1000, random_below());
    const p2rec::Difference right = library(ours, kNothing);
    if (!grade.check(as_wide(got, right), ag::message("the interval is ", got.high - got.low,
                                                      " wide, expected about ", right.high - right.low))) {
      grade.check((got.high - got.low) > 0.7 * (right.high - right.low),
                  "too narrow: are the users drawn anew for each seed? Or only 95 % of 95 % kept?");
      grade.check((got.high - got.low) < 1.5 * (right.high - right.low),
                  "too wide: is a sample the mean of all U?");
    }
    grade.check(got.low < got.mean && got.mean < got.high,
                "the mean is outside its interval: are samples sorted?");
  });
  grade.part("seeds", [&] {  // they differ, the users do not
    const Gains ours = gains("b", 1, 0);
    const Interval got = paired_bootstrap(ours, kNothing, 1000, random_below());
    const p2rec::Difference right = library(ours, kNothing);
    if (!grade.check(as_wide(got, right), ag::message("the interval is ", got.high - got.low,
                                                      " wide, expected about ", right.high - right.low)))
      grade.check((got.high - got.low) > 0.3 * (right.high - right.low),
                  "the seeds are not drawn, or not all at once");
  });
  grade.part("pairs", [&] {  // easy users are easy for both
    const Gains baseline = gains("c", 0.3, 1);
    Gains ours = baseline;
    const Gains change = gains("d", 0, 0);
    for (size_t s = 0; s < kSeeds; ++s) {
      for (size_t u = 0; u < kUsers; ++u) ours[s][u] += 0.05 + change[s][u];
    }
    const Interval got = paired_bootstrap(ours, baseline, 1000, random_below());
    if (!grade.check(
            got.low > 0,
            ag::message("ours is better for almost every user, but the interval begins at ", got.low)))
      grade.check(got.high - got.low < 0.2, "the two sides are drawn separately: subtract first");
  });
}
