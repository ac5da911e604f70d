#include "p2rec/methods/tempura/aggregation.h"

#include <algorithm>
#include <functional>

namespace p2rec {
namespace {

using ag::Tensor;

// The sum over the rankings of points(rank).
Tensor points(const std::vector<Tensor>& rankings, const std::function<double(double rank)>& points_of) {
  Tensor sum = ag::zeros_like(rankings.at(0));
  const int64_t n = sum.dim(1);
  for (const Tensor& ranking : rankings) {
    AG_CHECK(ranking.shape() == sum.shape(), "aggregation: rankings of shapes ", sum.shape(), " and ",
             ranking.shape());
    for (int64_t row = 0; row < sum.dim(0); ++row) {
      const std::vector<double> ranks = ranks_of(ranking.data() + row * n, n);
      for (int64_t i = 0; i < n; ++i)
        sum.data()[row * n + i] += static_cast<ag::real>(points_of(ranks[static_cast<size_t>(i)]));
    }
  }
  return sum;
}

int sign(ag::real x) { return (x > 0) - (x < 0); }

}  // namespace

std::vector<double> ranks_of(const ag::real* scores, int64_t n) {
  std::vector<double> ranks;
  for (int64_t i = 0; i < n; ++i) {
    const auto better = std::count_if(scores, scores + n, [&](ag::real s) { return s > scores[i]; });
    const auto same = std::count(scores, scores + n, scores[i]) - 1;
    ranks.push_back(static_cast<double>(better) + 0.5 * static_cast<double>(same));
  }
  return ranks;
}

Tensor borda(const std::vector<Tensor>& rankings) {
  const auto n = static_cast<double>(rankings.at(0).dim(1));
  return points(rankings, [n](double rank) { return n - 1 - rank; });
}

Tensor reciprocal_ranks(const std::vector<Tensor>& rankings) {
  return points(rankings, [](double rank) { return 1 / (rank + 1); });
}

std::vector<double> kendall_taus(const Tensor& a, const Tensor& b) {
  const int64_t n = a.dim(1);
  std::vector<double> taus;
  for (int64_t row = 0; row < a.dim(0); ++row) {
    const ag::real *x = a.data() + row * n, *y = b.data() + row * n;
    int64_t agreement = 0;
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < i; ++j) agreement += sign(x[i] - x[j]) * sign(y[i] - y[j]);
    }
    taus.push_back(static_cast<double>(2 * agreement) / static_cast<double>(n * (n - 1)));
  }
  return taus;
}

double share_of_same_best(const Tensor& a, const Tensor& b) {
  const int64_t n = a.dim(1);
  int64_t same = 0;
  for (int64_t row = 0; row < a.dim(0); ++row) {
    const ag::real *x = a.data() + row * n, *y = b.data() + row * n;
    same += std::max_element(x, x + n) - x == std::max_element(y, y + n) - y;
  }
  return static_cast<double>(same) / static_cast<double>(a.dim(0));
}

}  // namespace p2rec
