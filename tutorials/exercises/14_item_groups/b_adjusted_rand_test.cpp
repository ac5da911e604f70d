#include "14_item_groups/b_adjusted_rand.h"

#include <cmath>

#include "autograd/rng.h"

namespace {

using Groups = std::vector<int32_t>;

Groups drawn(size_t count, uint32_t K, uint32_t step) {
  Groups groups;
  for (size_t i = 0; i < count; ++i)
    groups.push_back(static_cast<int32_t>(ag::random_below({1, step, ag::stream("exercise 14b")}, i, K)));
  return groups;
}

}  // namespace

EXERCISE("14b", 3, "A measure that noise cannot raise") {
  using exercise::n14b::adjusted_rand;
  const Groups truth = drawn(300, 5, 0);
  grade.part("equal groupings, with other names", [&] {
    grade.close("index", adjusted_rand(truth, truth), 1);
    Groups renamed = truth;
    for (int32_t& group : renamed) group = 4 - group;
    grade.close("index of renamed groups", adjusted_rand(renamed, truth), 1);
  });
  // By hand: R = 2, A = 3, B = 6, C(6) = 15, E = 1.2.
  grade.part("a small example", [&] {
    const double got = adjusted_rand({0, 0, 1, 1, 2, 2}, {0, 0, 0, 1, 1, 1});
    if (!grade.close("index", got, 0.8 / 3.3)) {
      grade.check(std::abs(got - 2.0 / 4.5) > 1e-9, "the chance E is not subtracted");
      grade.check(std::abs(got - 5.0 / 6) > 1e-9, "this is the purity");
      grade.check(std::abs(got - 2.0 / 3) > 1e-9, "this is the Rand index without its adjustment for chance");
      grade.check(std::abs(got - 1.0 / 3.5) > 1e-9, "6 items have 6 5 / 2 = 15 pairs, not 6 6 / 2");
      grade.check(std::abs(got - 0.8 / 4.8) > 1e-9, "the largest possible R is the mean of A and B here");
    }
  });
  grade.part("noise: about 0, with few groups and with many", [&] {
    for (const uint32_t K : {2U, 10U, 150U}) {
      const double index = adjusted_rand(drawn(300, K, K), truth);
      grade.check(std::abs(index) < 0.05, ag::message("random groups, ", K, " of them, get ", index));
    }
  });
  grade.part("both trivial: 1", [&] {
    const double one = adjusted_rand({0, 0, 0}, {0, 0, 0}), own = adjusted_rand({0, 1, 2}, {2, 0, 1});
    grade.close("the index of one group of all items", one, 1);
    grade.close("the index of groups of one item", own, 1);
    grade.check(!std::isnan(one) && !std::isnan(own),
                "0 / 0 is no number: if the denominator is 0, return 1");
  });
}
