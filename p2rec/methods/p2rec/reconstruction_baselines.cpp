// The baselines of the reconstruction: three predictions without a language model.

#include <Eigen/IterativeLinearSolvers>
#include <Eigen/SparseCore>
#include <cmath>
#include <limits>

#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/methods/p2rec/reconstruction.h"

namespace p2rec {
namespace {

using SparseMatrix = Eigen::SparseMatrix<double>;
using Entries = std::vector<Eigen::Triplet<double, int>>;  // entries at the same place are added

struct Users {
  Entries bags;             // (n,V): how often each item is shown, divided by the number of shown items
  Eigen::MatrixXd targets;  // (n,K)
  int items = 0;            // V

  int count() const { return static_cast<int>(targets.rows()); }
};

Users gather(const Interactions& data, const ag::Tensor& preferences, const Prompts& prompts,
             const std::vector<int64_t>& users) {
  const int64_t K = preferences.dim(1);
  Users result{{}, Eigen::MatrixXd(users.size(), K), static_cast<int>(data.items())};
  for (int i = 0; i < result.count(); ++i) {
    const int64_t user = users[static_cast<size_t>(i)];
    const Sequence shown = prompts.visible(training_part(data, user));
    for (const int32_t item : shown)
      result.bags.emplace_back(i, item, 1.0 / static_cast<double>(shown.size()));
    for (int64_t k = 0; k < K; ++k) result.targets(i, k) = preferences.data()[user * K + k];
  }
  return result;
}

SparseMatrix matrix_of(const Entries& entries, int rows, int columns) {
  SparseMatrix matrix(rows, columns);
  matrix.setFromTriplets(entries.begin(), entries.end());
  return matrix;
}

double error_of(const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& targets) {
  return (predicted - targets).array().square().mean();
}

// Ridge regression: fits W on `train` and predicts `others`. With X the bags and Y the targets
// minus their mean, W minimises |X W - Y|^2 + penalty |W|^2. That is the least-squares solution of
// [X; sqrt(penalty) I] W = [Y; 0]. Conjugate gradients solve it, because X is sparse and X^T X is
// not. Stopping early acts like a larger penalty.
Eigen::MatrixXd ridge_predict(const Users& train, const Users& others, double penalty) {
  const int n = train.count(), V = train.items;
  Entries entries = train.bags;
  for (int i = 0; i < V; ++i) entries.emplace_back(n + i, i, std::sqrt(penalty));
  const SparseMatrix stacked = matrix_of(entries, n + V, V);
  const Eigen::RowVectorXd mean = train.targets.colwise().mean();
  Eigen::MatrixXd wanted = Eigen::MatrixXd::Zero(n + V, train.targets.cols());
  wanted.topRows(n) = train.targets.rowwise() - mean;
  Eigen::LeastSquaresConjugateGradient<SparseMatrix> solver(stacked);
  solver.setTolerance(1e-9);  // of |stacked^T (stacked W - wanted)|
  solver.setMaxIterations(10'000);
  const Eigen::MatrixXd W = solver.solve(wanted);
  const Eigen::MatrixXd predicted = matrix_of(others.bags, others.count(), V) * W;
  return predicted.rowwise() + mean;
}

double best_penalty(const Interactions& data, const ag::Tensor& preferences, const Prompts& prompts,
                    const std::vector<int64_t>& users) {
  std::vector<int64_t> fit, check;
  for (int64_t u : users)
    (held_out("ridge " + data.user_ids[static_cast<size_t>(u)]) ? check : fit).push_back(u);
  const Users a = gather(data, preferences, prompts, fit), b = gather(data, preferences, prompts, check);
  double best = 1, smallest = std::numeric_limits<double>::infinity();
  for (double penalty : {0.01, 0.1, 1.0, 10.0, 100.0}) {
    if (fit.empty() || check.empty()) break;
    const double error = error_of(ridge_predict(a, b, penalty), b.targets);
    if (error < smallest) {
      smallest = error;
      best = penalty;
    }
  }
  return best;
}

}  // namespace

ReconstructionBaselines reconstruction_baselines(const Interactions& data, const ItemGroups& groups,
                                                 const ag::Tensor& preferences, const Prompts& prompts) {
  const auto [train, test] = split_users(data);
  const Users known = gather(data, preferences, prompts, train),
              unknown = gather(data, preferences, prompts, test);
  ReconstructionBaselines result;
  const Eigen::RowVectorXd mean = known.targets.colwise().mean();
  result.mean = error_of(mean.replicate(unknown.targets.rows(), 1), unknown.targets);
  Eigen::MatrixXd window(unknown.targets.rows(), unknown.targets.cols());
  for (Eigen::Index i = 0; i < window.rows(); ++i) {
    const Sequence shown = prompts.visible(training_part(data, test[static_cast<size_t>(i)]));
    const ag::Tensor p = preference_of(shown, groups);
    for (Eigen::Index k = 0; k < window.cols(); ++k) window(i, k) = p.data()[k];
  }
  result.window = error_of(window, unknown.targets);
  result.ridge = error_of(ridge_predict(known, unknown, best_penalty(data, preferences, prompts, train)),
                          unknown.targets);
  return result;
}

}  // namespace p2rec
