#include "p2rec/methods/p2rec/item_groups.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "autograd/check.h"
#include "autograd/parallel.h"
#include "autograd/rng.h"

namespace p2rec {
namespace {

constexpr uint32_t kSeedingStream = ag::stream("first centroids");

// Rows of doubles: sums over thousands of rows of a float table would lose digits.
struct PointMatrix {
  int64_t rows = 0, columns = 0;
  std::vector<double> values = {};
  PointMatrix(int64_t r, int64_t c) : rows(r), columns(c), values(static_cast<size_t>(r * c)) {}
  double* row(int64_t i) { return values.data() + i * columns; }
  const double* row(int64_t i) const { return values.data() + i * columns; }
};

PointMatrix matrix_of(const ag::Tensor& x, const char* what) {
  AG_CHECK(x.rank() == 2 && x.dim(0) > 0 && x.dim(1) > 0, what, ": shape ", x.shape(),
           " is not (rows, columns)");
  PointMatrix m(x.dim(0), x.dim(1));
  std::copy_n(x.data(), x.numel(), m.values.begin());
  AG_CHECK(std::all_of(m.values.begin(), m.values.end(), [](double v) { return std::isfinite(v); }), what,
           " holds NaN or infinite numbers; hint: has the training that made it diverged?");
  return m;
}

void normalize_rows(PointMatrix& m) {
  for (int64_t i = 0; i < m.rows; ++i) {
    double* x = m.row(i);
    const double length = std::sqrt(std::inner_product(x, x + m.columns, x, 0.0));
    if (length > 0) std::for_each(x, x + m.columns, [length](double& v) { v /= length; });
  }
}

double squared_distance(const double* a, const double* b, int64_t columns) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t c = 0; c < columns; ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
  return sum;
}

// --- k-means++ ---------------------------------------------------------------------------------------------

// The first centroid is a uniform draw; each next one a draw in proportion to the squared distance to the
// nearest.
PointMatrix seed_centroids(const PointMatrix& points, int32_t groups, const ag::RandomKey& key) {
  PointMatrix centroids(groups, points.columns);
  std::vector<double> nearest(static_cast<size_t>(points.rows), 0);
  for (int32_t k = 0; k < groups; ++k) {
    const double* chosen = points.row(
        static_cast<int64_t>(ag::random_index(nearest, ag::random_uniform(key, static_cast<uint64_t>(k)))));
    std::copy_n(chosen, points.columns, centroids.row(k));
    ag::parallel_for(points.rows, points.columns, [&](int64_t i) {
      double& best = nearest[static_cast<size_t>(i)];
      const double distance = squared_distance(points.row(i), chosen, points.columns);
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

Assignment assign(const PointMatrix& points, const PointMatrix& centroids) {
  Assignment a{std::vector<int32_t>(static_cast<size_t>(points.rows)),
               std::vector<double>(static_cast<size_t>(points.rows))};
  ag::parallel_for(points.rows, points.columns * centroids.rows, [&](int64_t i) {
    double best = std::numeric_limits<double>::infinity();
    int32_t group = 0;
    for (int64_t k = 0; k < centroids.rows; ++k) {
      const double distance = squared_distance(points.row(i), centroids.row(k), points.columns);
      if (distance < best) {
        best = distance;
        group = static_cast<int32_t>(k);
      }
    }
    a.group_of[static_cast<size_t>(i)] = group;
    a.distance[static_cast<size_t>(i)] = best;
  });
  return a;
}

// Sums of the points of each group, and how many there are; the means follow from both.
struct GroupSums {
  PointMatrix sum;
  std::vector<int64_t> count;
};

GroupSums sums_of(const PointMatrix& points, const Assignment& a, int64_t groups) {
  GroupSums sums{PointMatrix(groups, points.columns), std::vector<int64_t>(static_cast<size_t>(groups))};
  for (int64_t i = 0; i < points.rows; ++i) {
    const int32_t group = a.group_of[static_cast<size_t>(i)];
    std::transform(points.row(i), points.row(i) + points.columns, sums.sum.row(group), sums.sum.row(group),
                   std::plus<>());
    ++sums.count[static_cast<size_t>(group)];
  }
  return sums;
}

// Moves the point that is farthest from its centroid into each empty group.
void fill_empty_groups(GroupSums& sums, const PointMatrix& points, const Assignment& a) {
  std::vector<int64_t> empty;
  for (size_t k = 0; k < sums.count.size(); ++k) {
    if (sums.count[k] == 0) empty.push_back(static_cast<int64_t>(k));
  }
  if (empty.empty() || *std::max_element(a.distance.begin(), a.distance.end()) == 0) return;
  std::vector<int64_t> farthest(static_cast<size_t>(points.rows));
  std::iota(farthest.begin(), farthest.end(), 0);
  std::stable_sort(farthest.begin(), farthest.end(), [&](int64_t i, int64_t j) {
    return a.distance[static_cast<size_t>(i)] > a.distance[static_cast<size_t>(j)];
  });
  for (size_t e = 0; e < empty.size(); ++e) {
    const double* point = points.row(farthest[e]);
    const int32_t from = a.group_of[static_cast<size_t>(farthest[e])];
    double *giver = sums.sum.row(from), *taker = sums.sum.row(empty[e]);
    std::transform(giver, giver + points.columns, point, giver, std::minus<>());
    std::copy_n(point, points.columns, taker);
    --sums.count[static_cast<size_t>(from)];
    sums.count[static_cast<size_t>(empty[e])] = 1;
  }
}

PointMatrix means(const GroupSums& sums) {
  PointMatrix m = sums.sum;
  for (int64_t k = 0; k < m.rows; ++k) {
    const auto count = static_cast<double>(sums.count[static_cast<size_t>(k)]);
    if (count > 0) std::for_each(m.row(k), m.row(k) + m.columns, [count](double& v) { v /= count; });
  }
  const auto largest = std::max_element(sums.count.begin(), sums.count.end()) - sums.count.begin();
  for (int64_t k = 0; k < m.rows; ++k) {
    if (sums.count[static_cast<size_t>(k)] == 0) std::copy_n(m.row(largest), m.columns, m.row(k));
  }
  return m;
}

// scikit-learn's meaning of a tolerance: relative to the mean over columns of the points' variance.
double absolute_tolerance(const PointMatrix& points, double relative) {
  const auto n = static_cast<double>(points.rows);
  double variance = 0;
  for (int64_t c = 0; c < points.columns; ++c) {
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < points.rows; ++i) mean += points.row(i)[c] / n;
    for (int64_t i = 0; i < points.rows; ++i) squares += std::pow(points.row(i)[c] - mean, 2);
    variance += squares / n;
  }
  return relative * variance / static_cast<double>(points.columns);
}

struct KMeansRun {
  Assignment assignment;
  PointMatrix centroids;
  double inertia = 0;
  int iterations = 0;
};

KMeansRun run_lloyd(const PointMatrix& points, PointMatrix centroids, const KMeansConfig& config) {
  const double tolerance = absolute_tolerance(points, config.tolerance);
  Assignment a;
  bool settled = false;
  int iteration = 0;
  while (!settled && iteration < config.max_iterations) {
    ++iteration;
    Assignment next = assign(points, centroids);
    GroupSums sums = sums_of(points, next, centroids.rows);
    fill_empty_groups(sums, points, next);
    PointMatrix moved = means(sums);
    settled = next.group_of == a.group_of;
    const double movement =
        squared_distance(moved.values.data(), centroids.values.data(), centroids.rows * centroids.columns);
    a = std::move(next);
    centroids = std::move(moved);
    if (movement <= tolerance) break;
  }
  if (!settled) a = assign(points, centroids);
  double inertia = 0;
  for (int64_t i = 0; i < points.rows; ++i) {
    inertia +=
        squared_distance(points.row(i), centroids.row(a.group_of[static_cast<size_t>(i)]), points.columns);
  }
  return {std::move(a), std::move(centroids), inertia, iteration};
}

ItemGroups result_of(const KMeansRun& run) {
  ItemGroups groups{
      run.assignment.group_of, static_cast<int32_t>(run.centroids.rows), {}, run.inertia, run.iterations};
  groups.centroids = ag::Tensor::from({run.centroids.rows, run.centroids.columns}, run.centroids.values);
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
  visit({"normalize", "k-means on rows of unit length"}, &c.normalize);
}

ItemGroups lloyd(const ag::Tensor& points, ag::Tensor centroids, const KMeansConfig& config) {
  check_config(config);
  const PointMatrix p = matrix_of(points, "k-means: the points");
  PointMatrix start = matrix_of(centroids, "k-means: the start");
  AG_CHECK(p.columns == start.columns, "k-means: points ", points.shape(), " and centroids ",
           centroids.shape());
  AG_CHECK(start.rows <= p.rows, "k-means: ", start.rows, " centroids for ", p.rows, " points");
  return result_of(run_lloyd(p, std::move(start), config));
}

ItemGroups group_items(const ag::Tensor& item_table, const KMeansConfig& config) {
  check_config(config);
  PointMatrix points = matrix_of(item_table, "k-means: the item table");
  INPUT_CHECK(config.groups >= 1 && config.groups <= points.rows, "--groups ", config.groups,
              ": expected from 1 to the number of items, which is ", points.rows);
  if (config.normalize) normalize_rows(points);
  std::vector<KMeansRun> best;  // none or one
  for (int restart = 0; restart < config.restarts; ++restart) {
    const ag::RandomKey key{config.seed, static_cast<uint32_t>(restart), kSeedingStream};
    KMeansRun run = run_lloyd(points, seed_centroids(points, config.groups, key), config);
    if (best.empty() || run.inertia < best.front().inertia) best.assign(1, std::move(run));
  }
  return result_of(best.front());
}

}  // namespace p2rec
