#include "p2rec/methods/darec/gaussian_process.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "autograd/check.h"

namespace p2rec {
namespace {

double kernel(const Features& a, const Features& b, double length) {
  double squares = 0;
  for (size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::exp(-squares / (2 * length * length));
}

}  // namespace

struct GaussianProcess::Fit {
  std::vector<Features> points;
  double length, mean, scale;
  Eigen::LLT<Eigen::MatrixXd> cholesky;  // of K
  Eigen::VectorXd y, weights;            // the scaled values, and K^-1 y
};

GaussianProcess::GaussianProcess(const std::vector<Features>& points, const std::vector<double>& values,
                                 double length, double noise) {
  const auto n = static_cast<Eigen::Index>(points.size());
  const Eigen::VectorXd raw = Eigen::Map<const Eigen::VectorXd>(values.data(), n);
  const double mean = raw.mean(), variance = (raw.array() - mean).square().mean();
  const double scale = variance > 0 ? std::sqrt(variance) : 1;  // equal values have no scale
  Eigen::MatrixXd K(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j)
      K(i, j) = kernel(points[static_cast<size_t>(i)], points[static_cast<size_t>(j)], length) +
                (i == j ? noise : 0);
  }
  auto fit =
      std::make_shared<Fit>(Fit{points, length, mean, scale, K.llt(), (raw.array() - mean) / scale, {}});
  AG_CHECK(fit->cholesky.info() == Eigen::Success, "GaussianProcess: the kernel matrix of ", n,
           " points is not positive definite; use more noise");
  fit->weights = fit->cholesky.solve(fit->y);
  fit_ = std::move(fit);
}

double GaussianProcess::log_likelihood() const {
  const Eigen::MatrixXd L = fit_->cholesky.matrixL();
  return -0.5 * fit_->y.dot(fit_->weights) - L.diagonal().array().log().sum() -
         0.5 * static_cast<double>(fit_->y.size()) * std::log(2 * std::numbers::pi);
}

Posterior GaussianProcess::at(const Features& x) const {
  Eigen::VectorXd k(fit_->y.size());
  for (Eigen::Index i = 0; i < k.size(); ++i)
    k(i) = kernel(fit_->points[static_cast<size_t>(i)], x, fit_->length);
  const double variance = 1 - fit_->cholesky.matrixL().solve(k).squaredNorm();
  return {fit_->mean + fit_->scale * k.dot(fit_->weights), fit_->scale * std::sqrt(std::max(0.0, variance))};
}

double expected_improvement(const Posterior& posterior, double best) {
  const double gain = posterior.mean - best;
  if (posterior.std <= 0) return std::max(0.0, gain);
  const double z = gain / posterior.std, density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi),
               below = 0.5 * std::erfc(-z / std::numbers::sqrt2);
  return gain * below + posterior.std * density;
}

}  // namespace p2rec
