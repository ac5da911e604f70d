#include "p2rec/evaluation/known_truth.h"

#include <Eigen/Core>
#include <algorithm>
#include <limits>

#include "autograd/check.h"

namespace p2rec {
namespace {

// The number of items in found group k and true group g: (found groups, true groups).
Eigen::MatrixXd counted_together(const std::vector<int32_t>& found, const std::vector<int32_t>& truth) {
  AG_CHECK(!found.empty() && found.size() == truth.size(), "known truth: ", found.size(),
           " items were grouped of ", truth.size());
  Eigen::MatrixXd counts = Eigen::MatrixXd::Zero(std::ranges::max(found) + 1, std::ranges::max(truth) + 1);
  for (size_t i = 0; i < found.size(); ++i) counts(found[i], truth[i]) += 1;
  return counts;
}

using RealRows = Eigen::Matrix<ag::real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using RealColumn = Eigen::Matrix<ag::real, Eigen::Dynamic, 1>;

Eigen::Map<const RealRows> rows_of(const ag::Tensor& t) { return {t.data(), t.dim(0), t.dim(1)}; }

RealColumn lengths_of(const ag::Tensor& vectors) {
  return rows_of(vectors).rowwise().norm().cwiseMax(std::numeric_limits<ag::real>::min());
}

// nearest_items, given the vectors' lengths (V).
std::vector<int32_t> nearest(const ag::Tensor& vectors, const RealColumn& lengths, int32_t item,
                             int64_t count) {
  const auto x = rows_of(vectors);
  const RealColumn cosine =
      (x * x.row(item).transpose()).cwiseQuotient(lengths);  // times the item's own length
  std::vector<int32_t> order;
  for (int32_t other = 0; other < vectors.dim(0); ++other) {
    if (other != item) order.push_back(other);
  }
  count = std::min(count, std::ssize(order));
  std::ranges::partial_sort(order, order.begin() + count, [&](int32_t a, int32_t b) {
    return cosine(a) != cosine(b) ? cosine(a) > cosine(b) : a < b;
  });
  order.resize(static_cast<size_t>(count));
  return order;
}

}  // namespace

double purity(const std::vector<int32_t>& found, const std::vector<int32_t>& truth) {
  const Eigen::MatrixXd counts = counted_together(found, truth);
  return counts.rowwise().maxCoeff().sum() / counts.sum();
}

double preference_correlation(const ag::Tensor& preferences, const std::vector<int32_t>& found,
                              const KnownTruth& truth) {
  Eigen::MatrixXd share = counted_together(found, truth.item_group);
  for (int64_t k = 0; k < share.rows(); ++k) share.row(k) /= std::max(1.0, share.row(k).sum());
  const Eigen::MatrixXd of_found = rows_of(preferences).cast<double>();
  Eigen::MatrixXd a = of_found.leftCols(share.rows()) * share,
                  b = rows_of(truth.user_preference).cast<double>();
  AG_CHECK(a.rows() == b.rows() && a.cols() == b.cols(), "known truth: found preferences of ", a.rows(),
           " users and ", a.cols(), " groups; expected ", b.rows(), " and ", b.cols());
  a.array() -= a.mean();
  b.array() -= b.mean();
  return a.cwiseProduct(b).sum() / (a.norm() * b.norm());
}

std::vector<int32_t> nearest_items(const ag::Tensor& vectors, int32_t item, int64_t count) {
  return nearest(vectors, lengths_of(vectors), item, count);
}

double neighbours_of_group(const ag::Tensor& vectors, const std::vector<int32_t>& truth, int64_t count) {
  const int64_t V = vectors.dim(0);
  AG_CHECK(V == std::ssize(truth) && count < V, "known truth: ", V, " vectors of ", truth.size(), " items");
  const RealColumn lengths = lengths_of(vectors);
  int64_t same = 0;
  for (int32_t i = 0; i < V; ++i) {
    for (const int32_t near : nearest(vectors, lengths, i, count))
      same += truth[static_cast<size_t>(near)] == truth[static_cast<size_t>(i)];
  }
  return static_cast<double>(same) / static_cast<double>(V * count);
}

}  // namespace p2rec
