#include "p2rec/reconstruction_baselines.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <limits>

#include "p2rec/preference.h"
#include "p2rec/user_sft.h"

namespace p2rec {
namespace {

struct Users {
  Eigen::MatrixXd bags;     // (n,V): how often each item is shown, divided by the number of shown items
  Eigen::MatrixXd targets;  // (n,K)
};

Users gather(const Interactions& data, const ag::Tensor& preferences, const Prompts& prompts,
             const std::vector<int64_t>& users) {
  const auto n = static_cast<Eigen::Index>(users.size());
  const int64_t K = preferences.dim(1);
  Users result{Eigen::MatrixXd::Zero(n, data.items()), Eigen::MatrixXd(n, K)};
  for (Eigen::Index i = 0; i < n; ++i) {
    const int64_t user = users[static_cast<size_t>(i)];
    const Sequence shown = prompts.visible(training_part(data, user));
    for (int32_t item : shown) result.bags(i, item) += 1.0 / static_cast<double>(shown.size());
    for (int64_t k = 0; k < K; ++k) result.targets(i, k) = preferences.data()[user * K + k];
  }
  return result;
}

double error_of(const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& targets) {
  return (predicted - targets).array().square().mean();
}

// With X the bags and Y the targets less their mean: W = X^T (X X^T + penalty I)^-1 Y, the form that is small when
// there are fewer users than items.
Eigen::MatrixXd ridge_predict(const Users& train, const Eigen::MatrixXd& bags, double penalty) {
  const Eigen::RowVectorXd mean = train.targets.colwise().mean();
  Eigen::MatrixXd gram = train.bags * train.bags.transpose();
  gram.diagonal().array() += penalty;
  const Eigen::MatrixXd dual = gram.ldlt().solve(train.targets.rowwise() - mean);
  return (bags * (train.bags.transpose() * dual)).rowwise() + mean;
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
    const double error = error_of(ridge_predict(a, b.bags, penalty), b.targets);
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
  std::vector<int64_t> train, test;
  for (int64_t u = 0; u < data.users(); ++u) {
    if (!training_part(data, u).empty())
      (held_out(data.user_ids[static_cast<size_t>(u)]) ? test : train).push_back(u);
  }
  const Users known = gather(data, preferences, prompts, train),
              unknown = gather(data, preferences, prompts, test);
  ReconstructionBaselines result;
  const Eigen::RowVectorXd mean = known.targets.colwise().mean();
  result.mean = error_of(mean.replicate(unknown.targets.rows(), 1), unknown.targets);
  Eigen::MatrixXd window(unknown.targets.rows(), unknown.targets.cols());
  for (Eigen::Index i = 0; i < window.rows(); ++i) {
    const ag::Tensor p =
        preference_of(prompts.visible(training_part(data, test[static_cast<size_t>(i)])), groups);
    for (Eigen::Index k = 0; k < window.cols(); ++k) window(i, k) = p.data()[k];
  }
  result.window = error_of(window, unknown.targets);
  result.ridge = error_of(ridge_predict(known, unknown.bags, best_penalty(data, preferences, prompts, train)),
                          unknown.targets);
  return result;
}

}  // namespace p2rec
