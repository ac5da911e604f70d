#include "17_is_it_better/c_chosen_on_the_test.h"

#include <cmath>

#include "autograd/rng.h"

using namespace exercise::n17c;

EXERCISE("17c", 3, "What may be chosen, and on what?") {
  const Curve validation{0.1, 0.3, 0.4, 0.35, 0.4}, test{0.2, 0.5, 0.3, 0.45, 0.6};
  grade.part("the honest report", [&] {
    const double got = honest(validation, test);
    if (!grade.close("the test result at the best validation", got, 0.3)) {
      grade.check(!exercise::is_close(got, 0.6),
                  "0.6 is the last epoch: of two equal validations the earlier counts. Or is it the best "
                  "test result?");
      grade.check(!exercise::is_close(got, 0.4), "this is the validation result");
    }
  });
  grade.part("the dishonest ones", [&] {
    grade.close("the best epoch on the test", best_epoch(test), 0.6);
    const double got = best_seed({validation, {0.9, 0.2}}, {test, {0.35, 0.8}});
    if (!grade.close("the best of two seeds", got, 0.35)) {
      grade.check(!exercise::is_close(got, 0.8),
                  "each seed stops honestly; only the seed is chosen on the test");
      grade.check(!exercise::is_close(got, 0.3),
                  "this one chooses the seed by its test result, not honestly");
    }
  });
  grade.part("what choosing gains on noise", [&] {
    const auto draws = [draw = uint64_t{0}]() mutable {
      return ag::random_normal({7, 0, ag::stream("exercise 17c")}, draw++);
    };
    const std::vector<std::pair<int64_t, double>> known{
        {1, 0}, {2, 1 / std::sqrt(std::acos(-1.0))}, {5, 1.16296}};
    for (const auto& [n, right] : known) {
      const double got = flattery(n, draws);
      if (!grade.check(std::abs(got - right) < 0.03, ag::message("the mean of the largest of ", n, " is ",
                                                                 got, ", expected about ", right))) {
        grade.check(n != 1 || std::abs(got - known[1].second) > 0.03, "these are n + 1 numbers, not n");
        grade.check(std::abs(got - right) > 0.15, "it is near: average over more draws");
        return;
      }
    }
  });
  grade.part("who catches up", [&] {
    const Curve fast{0.3, 0.4, 0.45, 0.44}, slow{0.1, 0.44, 0.2, 0.46, 0.43}, low{0.1, 0.2, 0.3},
        level{0.1, 0.45, 0.5};
    const int64_t got = caught_up(fast, slow);
    if (!grade.equal("the epoch", {got}, {4})) {
      grade.check(got != 3, "epochs count from 1");
      grade.check(got != 2, "ours is measured at its best, not where it ends");
      grade.check(got != 5, "it had reached the level one epoch earlier");
    }
    const int64_t same = caught_up(fast, level);
    if (!grade.equal("the epoch of a baseline that comes to the same number", {same}, {2}))
      grade.check(same != 3, "to be as good as ours is to reach it");
    grade.equal("the result if it never does", {caught_up(fast, low)}, {-1});
  });
}
