#include "p2rec/methods/p2rec/item_groups.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "autograd/check.h"
#include "autograd/parallel.h"
#include "autograd/rng.h"

namespace p2rec {
namespace {

constexpr uint32_t kSeedingStream = ag::stream("first centroids");

// Doubles, because sums over thousands of float rows would lose digits.
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix matrix_of(const ag::Tensor& x, const char* what) {
  AG_CHECK(x.rank() == 2 && x.dim(0) > 0 && x.dim(1) > 0, what, ": shape ", x.shape(),
           " is not (rows, columns)");
  Matrix m(x.dim(0), x.dim(1));
  std::copy_n(x.data(), x.numel(), m.data());
  AG_CHECK(m.allFinite(), what, " has NaN or infinite numbers; hint: did its training diverge?");
  return m;
}

void normalize_rows(Matrix& m) {
  for (int64_t i = 0; i < m.rows(); ++i) {
    const double *begin = &m(i, 0), *end = begin + m.cols(),
                 length = std::sqrt(std::inner_product(begin, end, begin, 0.0));
    if (length > 0) m.row(i) /= length;
  }
}

double squared_distance(const double* a, const double* b, int64_t n) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t c = 0; c < n; ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
  return sum;
}

double squared_distance(const Matrix& a, int64_t i, const Matrix& b, int64_t k) {
  return squared_distance(&a(i, 0), &b(k, 0), a.cols());
}

// k-means++: the first centroid is drawn uniformly, each next one in proportion to the squared distance to
// the nearest centroid so far.
Matrix seed_centroids(const Matrix& points, int32_t groups, const ag::RandomKey& key) {
  Matrix centroids(groups, points.cols());
  std::vector<double> nearest(static_cast<size_t>(points.rows()), 0);
  for (int32_t k = 0; k < groups; ++k) {
    const size_t chosen = ag::random_index(nearest, ag::random_uniform(key, static_cast<uint64_t>(k)));
    centroids.row(k) = points.row(static_cast<int64_t>(chosen));
    ag::parallel_for(points.rows(), points.cols(), [&](int64_t i) {
      double& best = nearest[static_cast<size_t>(i)];
      const double distance = squared_distance(points, i, centroids, k);
      best = k == 0 ? distance : std::min(best, distance);
    });
  }
  return centroids;
}

// --- Lloyd -------------------------------------------------------------------------------------------------

struct Assignment {
  std::vector<int32_t> group_of;
  std::vector<double> distance;  // squared, to the group's centroid
};

Assignment assign(const Matrix& points, const Matrix& centroids) {
  const auto n = static_cast<size_t>(points.rows());
  Assignment a{std::vector<int32_t>(n), std::vector<double>(n)};
  ag::parallel_for(points.rows(), points.cols() * centroids.rows(), [&](int64_t i) {
    double best = std::numeric_limits<double>::infinity();
    for (int32_t k = 0; k < centroids.rows(); ++k) {
      const double distance = squared_distance(points, i, centroids, k);
      if (distance < best) {
        best = distance;
        a.group_of[static_cast<size_t>(i)] = k;
      }
    }
    a.distance[static_cast<size_t>(i)] = best;
  });
  return a;
}

// The sum and the number of the points of each group.
struct GroupSums {
  Matrix sum;
  std::vector<int64_t> count;
};

GroupSums sums_of(const Matrix& points, const Assignment& a, int64_t groups) {
  GroupSums sums{Matrix::Zero(groups, points.cols()), std::vector<int64_t>(static_cast<size_t>(groups))};
  for (int64_t i = 0; i < points.rows(); ++i) {
    const int32_t group = a.group_of[static_cast<size_t>(i)];
    sums.sum.row(group) += points.row(i);
    ++sums.count[static_cast<size_t>(group)];
  }
  return sums;
}

// Moves the point that is farthest from its centroid into each empty group.
void fill_empty_groups(GroupSums& sums, const Matrix& points, const Assignment& a) {
  if (std::ranges::count(sums.count, 0) == 0 || std::ranges::max(a.distance) == 0) return;
  std::vector<int64_t> farthest(static_cast<size_t>(points.rows()));
  std::iota(farthest.begin(), farthest.end(), 0);
  std::ranges::stable_sort(farthest, [&](int64_t i, int64_t j) {
    return a.distance[static_cast<size_t>(i)] > a.distance[static_cast<size_t>(j)];
  });
  auto next = farthest.begin();
  const std::vector<int64_t> before = sums.count;
  for (size_t k = 0; k < before.size(); ++k) {
    if (before[k] > 0) continue;
    const int64_t point = *next++;
    const int32_t from = a.group_of[static_cast<size_t>(point)];
    sums.sum.row(from) -= points.row(point);
    sums.sum.row(static_cast<int64_t>(k)) = points.row(point);
    --sums.count[static_cast<size_t>(from)];
    sums.count[k] = 1;
  }
}

Matrix means(const GroupSums& sums) {
  Matrix m = sums.sum;
  for (int64_t k = 0; k < m.rows(); ++k) {
    const auto count = static_cast<double>(sums.count[static_cast<size_t>(k)]);
    if (count > 0) m.row(k) /= count;
  }
  const auto largest = std::ranges::max_element(sums.count) - sums.count.begin();
  for (int64_t k = 0; k < m.rows(); ++k) {
    if (sums.count[static_cast<size_t>(k)] == 0) m.row(k) = m.row(largest);
  }
  return m;
}

// As in scikit-learn, the tolerance is relative to the points' variance, averaged over columns.
double absolute_tolerance(const Matrix& points, double relative) {
  const auto n = static_cast<double>(points.rows());
  double variance = 0;
  for (int64_t c = 0; c < points.cols(); ++c) {
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < points.rows(); ++i) mean += points(i, c) / n;
    for (int64_t i = 0; i < points.rows(); ++i) squares += std::pow(points(i, c) - mean, 2);
    variance += squares / n;
  }
  return relative * variance / static_cast<double>(points.cols());
}

ItemGroups run_lloyd(const Matrix& points, Matrix centroids, const KMeansConfig& config) {
  const double tolerance = absolute_tolerance(points, config.tolerance);
  Assignment a;
  bool settled = false;
  int iteration = 0;
  while (!settled && iteration < config.max_iterations) {
    ++iteration;
    Assignment next = assign(points, centroids);
    GroupSums sums = sums_of(points, next, centroids.rows());
    fill_empty_groups(sums, points, next);
    const Matrix moved = means(sums);
    settled = next.group_of == a.group_of;
    const double movement = squared_distance(moved.data(), centroids.data(), moved.size());
    a = std::move(next);
    centroids = moved;
    if (movement <= tolerance) break;
  }
  if (!settled) a = assign(points, centroids);
  ItemGroups groups{a.group_of, static_cast<int32_t>(centroids.rows()), {}, 0, iteration};
  for (int64_t i = 0; i < points.rows(); ++i)
    groups.inertia += squared_distance(points, i, centroids, a.group_of[static_cast<size_t>(i)]);
  groups.centroids = ag::Tensor::from({centroids.rows(), centroids.cols()},
                                      {centroids.data(), centroids.data() + centroids.size()});
  return groups;
}

void check_config(const KMeansConfig& config) {
  AG_CHECK(config.max_iterations > 0 && config.restarts > 0 && config.tolerance >= 0,
           "k-means: ", config.max_iterations, " iterations, ", config.restarts, " restarts, tolerance ",
           config.tolerance, "; expected > 0, > 0, >= 0");
}

}  // namespace

void describe(KMeansConfig& c, const nn::Visit& visit) {
  visit({"groups", "number of groups, K", nn::at_least(2)}, &c.groups);
  visit({"normalize", "scale item vectors to length 1 before k-means"}, &c.normalize);
}

ItemGroups lloyd(const ag::Tensor& points, ag::Tensor centroids, const KMeansConfig& config) {
  check_config(config);
  const Matrix p = matrix_of(points, "k-means: the points");
  Matrix start = matrix_of(centroids, "k-means: the start");
  AG_CHECK(p.cols() == start.cols(), "k-means: points ", points.shape(), " and centroids ",
           centroids.shape());
  AG_CHECK(start.rows() <= p.rows(), "k-means: ", start.rows(), " centroids for ", p.rows(), " points");
  return run_lloyd(p, std::move(start), config);
}

ItemGroups group_items(const ag::Tensor& item_table, const KMeansConfig& config) {
  check_config(config);
  Matrix points = matrix_of(item_table, "k-means: the item table");
  INPUT_CHECK(config.groups >= 1 && config.groups <= points.rows(), "groups: found ", config.groups,
              "; expected 1 to the number of items, which is ", points.rows());
  if (config.normalize) normalize_rows(points);
  std::optional<ItemGroups> best;
  for (int restart = 0; restart < config.restarts; ++restart) {
    const ag::RandomKey key{config.seed, static_cast<uint32_t>(restart), kSeedingStream};
    ItemGroups found = run_lloyd(points, seed_centroids(points, config.groups, key), config);
    if (!best || found.inertia < best->inertia) best = std::move(found);
  }
  return *best;
}

}  // namespace p2rec
