// A Gaussian process over points x (Rasmussen and Williams 2006, chapter 2), and the expected improvement of
// a point over the best value found (Mockus 1978; Jones et al. 1998).
//
//   kernel         k(x, x') = exp(-|x - x'|^2 / (2 length^2))
//   posterior      m = k^T K^{-1} y    s^2 = 1 - k^T K^{-1} k
//   improvement    EI = (m - best) F(z) + s f(z)    z = (m - best) / s
//                  F, f: the normal distribution, its density
//
// K has `noise` added to its diagonal, and y is scaled to mean 0 and variance 1.
//
// As scikit-learn's `GaussianProcessRegressor(kernel=RBF(length), alpha=noise, optimizer=None,
// normalize_y=True)`.
#pragma once

#include <memory>
#include <vector>

namespace p2rec {

using Features = std::vector<double>;  // (D): a point

struct Posterior {
  double mean = 0, std = 0;
};

class GaussianProcess {
 public:
  // n >= 1 points with their values. Throws ag::Error if K is not positive definite.
  GaussianProcess(const std::vector<Features>& points, const std::vector<double>& values, double length,
                  double noise);

  Posterior at(const Features& x) const;
  double log_likelihood() const;  // marginal, of the scaled values

 private:
  struct Fit;  // keeps Eigen out of this header
  std::shared_ptr<const Fit> fit_;
};

// The expectation of max(0, value - best); larger values are better.
double expected_improvement(const Posterior& posterior, double best);

}  // namespace p2rec
