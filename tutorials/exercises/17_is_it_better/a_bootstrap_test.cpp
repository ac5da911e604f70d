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

// How wide the interval is, as a share of the library's. Says so if it is not nearly 1.
double width(exercise::Grade& grade, const Interval& got, const p2rec::Difference& right) {
  const double share = (got.high - got.low) / (right.high - right.low);
  grade.check(std::abs(share - 1) < 0.12, ag::message("the interval is ", got.high - got.low,
                                                      " wide, expected about ", right.high - right.low));
  grade.check(got.low < got.mean && got.mean < got.high,
              "the mean is outside its interval: are the samples sorted?");
  return share;
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
    const double share = width(grade, got, library(ours, kNothing));
    grade.check(share < 0 || share > 0.2, "the users are not drawn");
    grade.check(share < 0.2 || share > 0.65, "too narrow: draw the same users for all seeds of a sample");
    grade.check(share < 0.65 || share > 0.88, "a little too narrow: leave out 2.5 % at each end, not 5 %");
    grade.check(share < 1.12 || share > 2, "too wide: leave out 2.5 % of the samples at each end");
    grade.check(share < 2, "far too wide: a sample is a mean over its seeds and users");
  });
  grade.part("seeds", [&] {  // they differ, the users do not
    const Gains ours = gains("b", 1, 0);
    const Interval got = paired_bootstrap(ours, kNothing, 1000, random_below());
    const double share = width(grade, got, library(ours, kNothing));
    grade.check(share < 0 || share > 0.3, "the seeds are not drawn, or drawn anew for each user");
    grade.check(share < 1.12 || share > 2, "too wide: draw S seeds for a sample, not one");
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
