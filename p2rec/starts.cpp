#include "p2rec/starts.h"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "autograd/ops.h"
#include "nn/init.h"

namespace p2rec {
namespace {

using ag::real;
using ag::Tensor;

Tensor scaled_to(const Tensor& x, double std) {
  double sum = 0, squares = 0;
  const auto n = static_cast<double>(x.numel());
  for (int64_t i = 0; i < x.numel(); ++i) sum += x.data()[i];
  for (int64_t i = 0; i < x.numel(); ++i) squares += std::pow(x.data()[i] - sum / n, 2);
  AG_CHECK(squares > 0, "start: all numbers of the table are equal, so it cannot be scaled");
  Tensor y = x.clone();
  const double factor = std / std::sqrt(squares / n);
  for (int64_t i = 0; i < y.numel(); ++i) y.data()[i] = static_cast<real>(y.data()[i] * factor);
  return y;
}

Tensor normal(ag::Shape shape, const std::string& what, uint64_t seed) {
  Tensor x = Tensor::empty(std::move(shape));
  nn::normal_(x, 1, nn::key_for(what, seed));
  return x;
}

// Row i of the result is row rows[i] of x.
Tensor take_rows(const Tensor& x, const std::vector<int32_t>& rows) {
  const ag::NoGrad no_grad;
  return ag::embedding(x, Tensor::from_ints(rows));
}

}  // namespace

const std::vector<std::string>& start_names() {
  static const std::vector<std::string> names = {"random",      "p2rec",   "p2rec_shuffled",
                                                 "llm_untuned", "teacher", "groups"};
  return names;
}

Tensor principal_components(const Tensor& rows, int64_t d) {
  const int64_t V = rows.dim(0), C = rows.dim(1);
  INPUT_CHECK(d <= std::min(V, C), "--hidden: found ", d, ", but embeddings of ", V, " items with ", C,
              " columns have only ", std::min(V, C), " principal components");
  using RowMajor = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::MatrixXd x = Eigen::Map<const RowMajor>(rows.data(), V, C).cast<double>();
  x.rowwise() -= x.colwise().mean().eval();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(x.transpose() * x);
  Eigen::MatrixXd loadings =
      solver.eigenvectors().rightCols(d).rowwise().reverse();  // eigenvalues come in ascending order
  for (int64_t k = 0; k < d; ++k) {
    Eigen::Index largest = 0;
    loadings.col(k).cwiseAbs().maxCoeff(&largest);
    if (loadings(largest, k) < 0) loadings.col(k) *= -1;
  }
  Tensor result = Tensor::empty({V, d});
  Eigen::Map<RowMajor>(result.data(), V, d) = (x * loadings).cast<real>();
  return result;
}

Tensor start_table(const std::string& start, const StartInputs& inputs, int64_t d, double std,
                   uint64_t seed) {
  const auto V = static_cast<int64_t>(inputs.groups.group_of.size());
  Tensor table;
  if (start == "random") {
    table = normal({V, d}, "start random", seed);
  } else if (start == "p2rec") {
    table = principal_components(inputs.enhanced, d);
  } else if (start == "p2rec_shuffled") {
    table = take_rows(principal_components(inputs.enhanced, d),
                      ag::random_permutation(nn::key_for("start shuffled", seed), static_cast<int32_t>(V)));
  } else if (start == "llm_untuned") {
    table = principal_components(inputs.untuned, d);
  } else if (start == "teacher") {
    table = inputs.teacher;
  } else if (start == "groups") {
    table = take_rows(normal({inputs.groups.groups, d}, "start groups", seed), inputs.groups.group_of);
  } else {
    throw ag::InputError("--starts: found '" + start +
                         "', expected random, p2rec, p2rec_shuffled, llm_untuned, teacher or groups");
  }
  return scaled_to(table, std);
}

}  // namespace p2rec
