#include "p2rec/methods/p2rec/item_inits.h"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <map>

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

Tensor with_centred_columns(const Tensor& x) {
  const int64_t V = x.dim(0), C = x.dim(1);
  std::vector<double> means(static_cast<size_t>(C));
  for (int64_t i = 0; i < V * C; ++i) means[static_cast<size_t>(i % C)] += double(x.data()[i]) / double(V);
  Tensor y = Tensor::empty({V, C});
  for (int64_t i = 0; i < V * C; ++i)
    y.data()[i] = static_cast<real>(x.data()[i] - means[static_cast<size_t>(i % C)]);
  return y;
}

// The vectors of a start before they are scaled: `prepare`d where they come from the language model, with so many columns
// where they are drawn.
template <class Prepare>
Tensor vectors_of(const std::string& start, const StartInputs& inputs, int64_t columns, uint64_t seed,
                  const Prepare& prepare) {
  const int64_t V = inputs.items;
  if (start == "random") return normal({V, columns}, "start random", seed);
  if (start == "p2rec") return prepare(inputs.enhanced);
  if (start == "p2rec_shuffled") {
    return take_rows(prepare(inputs.enhanced),
                     ag::random_permutation(nn::key_for("start shuffled", seed), static_cast<int32_t>(V)));
  }
  if (start == "llm_untuned") return prepare(inputs.untuned);
  if (start == "teacher") return inputs.teacher;
  if (start == "groups")
    return take_rows(normal({inputs.groups.groups, columns}, "start groups", seed), inputs.groups.group_of);
  throw ag::InputError("--starts: found '" + start +
                       "', expected random, p2rec, p2rec_shuffled, llm_untuned, teacher or groups");
}

}  // namespace

const std::vector<std::string>& start_names() {
  static const std::vector<std::string> names = {"random",      "p2rec",   "p2rec_shuffled",
                                                 "llm_untuned", "teacher", "groups"};
  return names;
}

Arm start_arm(const std::string& start) {
  static const std::map<std::string, const char*> meanings = {
      {"random", "random numbers: no knowledge"},
      {"p2rec", "the enhanced embeddings: the method"},
      {"p2rec_shuffled", "the same, shuffled over the items"},
      {"llm_untuned", "the language model’s embeddings without fine-tuning"},
      {"teacher", "the teacher’s own item table"},
      {"groups", "a random code for each group"},
      {"counts", "nothing is learned: the most popular items for everybody"}};
  return {start, meanings.at(start), start == "p2rec"};
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
  const auto reduced = [d](const Tensor& embeddings) { return principal_components(embeddings, d); };
  return scaled_to(vectors_of(start, inputs, d, seed, reduced), std);
}

Tensor start_features(const std::string& start, const StartInputs& inputs, uint64_t seed) {
  const auto whole = [](const Tensor& embeddings) { return embeddings; };
  return scaled_to(with_centred_columns(vectors_of(start, inputs, inputs.enhanced.dim(1), seed, whole)), 1);
}

}  // namespace p2rec
