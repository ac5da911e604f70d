// Compares the functions of math.h with the standard library's over their whole range.
#include "autograd/ops/math.h"

#include <limits>

#include "tests/testing.h"

using ag::real;
namespace math = ag::math;

namespace {

constexpr double kUnit = std::numeric_limits<real>::epsilon();
constexpr real kInfinity = std::numeric_limits<real>::infinity();

// The largest error of `ours` on a million points from `from` to `to`, absolute or relative.
template <class Ours, class Right>
double largest_error(double from, double to, const Ours& ours, const Right& right, bool relative) {
  constexpr int kPoints = 1'000'000;
  double largest = 0;
  for (int i = 0; i <= kPoints; ++i) {
    const auto x = static_cast<real>(from + (to - from) * i / kPoints);
    const double y = right(static_cast<double>(x)), error = std::abs(static_cast<double>(ours(x)) - y);
    largest = std::max(largest, relative && y != 0 ? error / std::abs(y) : error);
  }
  return largest;
}

}  // namespace

TEST_CASE(
    "exp, log1p, tanh and the normal distribution agree with the standard library to one or two units") {
  const auto exp = [](auto x) { return math::exp(x); };
  CHECK(largest_error(
            -87, 88, exp, [](double x) { return std::exp(x); }, true) < 2 * kUnit);
  const auto log1p = [](auto x) { return math::log1p_up_to_one(x); };
  CHECK(largest_error(
            0, 1, log1p, [](double x) { return std::log1p(x); }, true) < 2 * kUnit);
  const auto tanh = [](auto x) { return math::tanh(x); };
  CHECK(largest_error(
            -20, 20, tanh, [](double x) { return std::tanh(x); }, false) < 2 * kUnit);
  const auto cdf = [](auto x) { return math::normal_cdf(x); };
  const auto right = [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); };
  CHECK(largest_error(-30, 30, cdf, right, false) < kUnit);
}

TEST_CASE("for large arguments they reach their limits, and NaN stays NaN") {
  for (const real x : {real(100), real(1e30), kInfinity}) {
    CHECK(math::tanh(x) == 1);
    CHECK(math::tanh(-x) == -1);
    CHECK(math::normal_cdf(x) == 1);
    CHECK(math::normal_cdf(-x) < 1e-30);
  }
  CHECK(math::exp(-kInfinity) == 0);
  CHECK(math::exp(kInfinity) == kInfinity);
  const real nan = std::numeric_limits<real>::quiet_NaN();
  CHECK(std::isnan(math::exp(nan)));
  CHECK(std::isnan(math::log1p_up_to_one(nan)));
  CHECK(std::isnan(math::tanh(nan)));
  CHECK(std::isnan(math::normal_cdf(nan)));
}
