#include "08_attention/b_merge_parts.h"

#include "autograd/check.h"

namespace n08b = exercise::n08b;

namespace {

using Numbers = std::vector<double>;

// 9 keys with values of 2 numbers. The scores are `far` and -far in turn, plus small numbers.
struct Keys {
  Numbers scores;
  std::vector<Numbers> values;

  explicit Keys(double far) {
    const ag::Tensor numbers = exercise::normal("keys", {9, 3});
    for (int64_t j = 0; j < 9; ++j) {
      const ag::real* row = numbers.data() + j * 3;
      scores.push_back(row[0] + (j % 2 ? far : -far));
      values.push_back({row[1], row[2]});
    }
  }
  n08b::Part part(std::ptrdiff_t begin, std::ptrdiff_t end) const {
    return n08b::part_of({scores.begin() + begin, scores.begin() + end},
                         {values.begin() + begin, values.begin() + end}, 2);
  }
};

}  // namespace

EXERCISE("08b", 4, "Attention in parts") {
  const auto close = [&](const std::string& name, const n08b::Part& got, const n08b::Part& expected) {
    const bool top = grade.close("top of " + name, got.top, expected.top),
               sum = grade.close("sum of " + name, got.sum, expected.sum);
    return grade.close("y of " + name, got.y, expected.y) && top && sum;
  };
  const Keys keys(0);
  grade.part("two parts as one", [&] {
    for (const double far : {0.0, 1000.0}) {
      const Keys some(far);
      const n08b::Part whole = some.part(0, 9);
      for (int cut = 1; cut < 9; ++cut) {
        const n08b::Part a = some.part(0, cut), b = some.part(cut, 9), got = n08b::merged(a, b);
        if (close(ag::message(cut, " and ", 9 - cut, far == 0 ? " keys" : " keys with scores of 1000"), got,
                  whole))
          continue;
        grade.check(std::abs(got.sum - a.sum - b.sum) > 1e-9 || a.top == b.top,
                    "the sums were added as they are, but each is relative to its own top");
        grade.check(std::isfinite(got.sum),
                    "the factor exp(old top - new top) is at most 1; is it the other way round?");
        return;
      }
    }
  });
  grade.part("parts without keys", [&] {
    const n08b::Part some = keys.part(0, 4), none = keys.part(0, 0);
    close("no and 4 keys", n08b::merged(none, some), some);
    close("4 and no keys", n08b::merged(some, none), some);
    const n08b::Part nothing = n08b::merged(none, none);
    grade.check(nothing.top == -INFINITY && nothing.sum == 0 && nothing.y == Numbers{0, 0},
                ag::message("of no keys and no keys the sum is ", nothing.sum,
                            ", expected 0; hint: -infinity", " - -infinity is no number"));
  });
  double total = 0;
  for (const double s : keys.scores) total += std::exp(s);
  const n08b::Part whole = keys.part(0, 9);
  grade.part("the result", [&] {
    Numbers expected(2);
    for (size_t j = 0; j < 9; ++j) {
      for (size_t d = 0; d < 2; ++d) expected[d] += std::exp(keys.scores[j]) / total * keys.values[j][d];
    }
    const Numbers got = n08b::result_of(whole);
    if (!grade.close("the mean of the values", got, expected))
      grade.check(got != whole.y, "y is not divided by the sum of the weights");
  });
  grade.part("log-sum-exp", [&] {
    const double got = n08b::log_sum_exp(whole);
    if (!grade.close("L", got, std::log(total)))
      grade.check(std::abs(got - std::log(whole.sum)) > 1e-9, "top is missing");
    grade.close("L of the scores 1000 and 1000", n08b::log_sum_exp({1000, 2, {0, 0}}), 1000 + std::log(2.0));
  });
}
