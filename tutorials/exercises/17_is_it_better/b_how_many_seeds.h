// 17b How many seeds does a difference need?
//
// d_1 .. d_S are the mean differences of S seeds. Their mean d is known up to its standard error, and the
// smallest true difference that they can show is
//
//   resolvable = t(S-1) std / sqrt(S)          std^2 = 1/(S-1) sum_s (d_s - d)^2
//
// where t(n) is Student's 0.975 quantile with n degrees of freedom, given below. Write it. Then plan: if the
// differences of single seeds spread by std, how many seeds show a difference of `effect`? And report: what
// may be said of an interval [low, high] and d?
//
// Hint 1: One seed has no spread: it resolves nothing, so the result is infinite.
// Hint 2: Try S = 2, 3, 4, ...
// Hint 3: "better" needs low > 0 and d >= resolvable; a large interval around 0 is not "equal" but "not
// shown".
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n17b {

// Student's 0.975 quantile for 1 .. 30 degrees of freedom; about 1.96 for more.
inline double t_quantile(size_t freedom) {
  constexpr std::array<double, 30> kTable = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                             2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                             2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                                             2.060,  2.056, 2.052, 2.048, 2.045, 2.042};
  return freedom <= kTable.size() ? kTable.at(freedom - 1) : 1.96;
}

inline double resolvable(const std::vector<double>& of_seeds) { throw NotImplemented("resolvable"); }

// The smallest S >= 2 with t(S-1) std / sqrt(S) <= effect.
inline int64_t seeds_needed(double std, double effect) { throw NotImplemented("the number of seeds"); }

// "better", "worse" or "not shown".
inline std::string verdict(double d, double low, double high, double resolvable) {
  throw NotImplemented("the verdict");
}

}  // namespace exercise::n17b
