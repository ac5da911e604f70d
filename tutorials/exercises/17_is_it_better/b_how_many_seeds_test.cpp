#include "17_is_it_better/b_how_many_seeds.h"

#include <cmath>

using namespace exercise::n17b;

EXERCISE("17b", 3, "How many seeds does a difference need?") {
  grade.part("resolvable", [&] {
    const double got = resolvable({0.01, 0.03, 0.02});  // std 0.01
    const double right = 4.303 * 0.01 / std::sqrt(3.0);
    if (!grade.close("the resolvable difference of three seeds", got, right)) {
      grade.check(!exercise::is_close(got, right * std::sqrt(2.0 / 3)),
                  "the spread is divided by S - 1, not by S");
      grade.check(!exercise::is_close(got, right * std::sqrt(3.0)),
                  "the mean of S seeds is known better: 1/sqrt(S)");
      grade.check(!exercise::is_close(got, 3.182 * 0.01 / std::sqrt(3.0)),
                  "S seeds have S - 1 degrees of freedom");
    }
    grade.check(std::isinf(resolvable({0.5})), "one seed resolves nothing: the result is infinite");
  });
  grade.part("the number of seeds", [&] {
    const std::string number = "the number of seeds for a difference of ";
    const int64_t got = seeds_needed(0.004, 0.004);
    if (!grade.equal(number + "one standard deviation", {got}, {7})) {
      grade.check(got != 4, "t is not 1.96 for few seeds: it depends on S");
      grade.check(got != 6, "6 seeds resolve 1.05 standard deviations, which is not enough");
    }
    grade.equal(number + "half of one", {seeds_needed(0.004, 0.002)}, {18});
    grade.equal(number + "ten", {seeds_needed(0.001, 0.01)}, {2});
  });
  grade.part("the verdict", [&] {
    const auto judge = [&](double d, double low, double high, double resolvable, const std::string& right,
                           const char* why) {
      const std::string got = verdict(d, low, high, resolvable);
      grade.check(got == right, ag::message("d = ", d, " in [", low, ", ", high, "], resolvable ", resolvable,
                                            ": found '", got, "', expected '", right, "', since ", why));
    };
    judge(0.02, 0.01, 0.03, 0.015, "better", "the interval is above 0 and d is resolvable");
    judge(-0.02, -0.03, -0.01, 0.015, "worse", "the interval is below 0 and |d| is resolvable");
    judge(0.02, 0.01, 0.03, 0.025, "not shown", "d is below what these seeds can show");
    judge(0.02, -0.01, 0.05, 0.015, "not shown", "0 is in the interval");
    judge(-0.02, -0.03, -0.01, 0.025, "not shown", "resolvable counts for losses too");
  });
}
