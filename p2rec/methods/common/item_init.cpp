#include "p2rec/methods/common/item_init.h"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <map>

#include "autograd/ops.h"
#include "autograd/rng.h"
#include "nn/init.h"
#include "nn/io/safetensors.h"

namespace p2rec {

using ag::real;
using ag::Tensor;

void describe(ItemInitConfig& c, const nn::Visit& visit) {
  visit({"starts", "initial item tables to compare, one row of the results each", nn::kAny, c.known},
        &c.inits);
  visit({"start-std", "standard deviation of every initial item table", nn::kPositive}, &c.std);
}

ItemInitConfig all_of(const ItemInits& inits) {
  ItemInitConfig config;
  for (const ItemInit& init : inits.table) {
    config.known.push_back(init.name);
    if (init.by_default) config.inits.push_back(init.name);
  }
  return config;
}

void check(const ItemInitConfig& config, bool starts_item_table) {
  INPUT_CHECK(starts_item_table || config.std == ItemInitConfig().std, "start-std: found ", config.std,
              ", which has no effect without use = start; hint: vectors under an adapter are scaled to 1");
}

ItemInit random_init() {
  return {"random", "random numbers", {}, [](const InitRequest& r) {
            return drawn({r.context.data().items(), r.columns}, "start random", r.seed);
          }};
}

const ItemInit& init_named(const ItemInits& inits, const std::string& name) {
  const auto found = std::ranges::find(inits.table, name, &ItemInit::name);
  AG_CHECK(found != inits.table.end(), "there is no item init '", name, "'");
  return *found;
}

Tensor scaled_to(const Tensor& x, double std) {
  double sum = 0, squares = 0;
  const auto n = static_cast<double>(x.numel());
  for (int64_t i = 0; i < x.numel(); ++i) sum += x.data()[i];
  for (int64_t i = 0; i < x.numel(); ++i) squares += std::pow(x.data()[i] - sum / n, 2);
  AG_CHECK(squares > 0, "item init: all numbers of the table are equal, so it cannot be scaled");
  Tensor y = x.clone();
  const double factor = std / std::sqrt(squares / n);
  for (int64_t i = 0; i < y.numel(); ++i) y.data()[i] = static_cast<real>(y.data()[i] * factor);
  return y;
}

Tensor standardised(const Tensor& x) {
  const int64_t V = x.dim(0), C = x.dim(1);
  std::vector<double> means(static_cast<size_t>(C));
  for (int64_t i = 0; i < V * C; ++i) means[static_cast<size_t>(i % C)] += double(x.data()[i]) / double(V);
  Tensor y = Tensor::empty({V, C});
  for (int64_t i = 0; i < V * C; ++i)
    y.data()[i] = static_cast<real>(x.data()[i] - means[static_cast<size_t>(i % C)]);
  return scaled_to(y, 1);
}

Tensor drawn(ag::Shape shape, const std::string& name, uint64_t seed) {
  Tensor x = Tensor::empty(std::move(shape));
  nn::normal_(x, 1, nn::key_for(name, seed));
  return x;
}

Tensor take_rows(const Tensor& x, const std::vector<int32_t>& rows) {
  const ag::NoGrad no_grad;
  return ag::embedding(x, Tensor::from_ints(rows));
}

Tensor shuffled(const Tensor& x, uint64_t seed) {
  return take_rows(
      x, ag::random_permutation(nn::key_for("start shuffled", seed), static_cast<int32_t>(x.dim(0))));
}

Tensor shuffled_in_groups(const Tensor& x, const std::vector<int32_t>& group_of, uint64_t seed) {
  const auto group = [&](int32_t item) { return group_of.at(static_cast<size_t>(item)); };
  std::map<int32_t, std::vector<int32_t>> members;  // of each group, in random order
  for (const int32_t item :
       ag::random_permutation(nn::key_for("start shuffled in groups", seed), static_cast<int32_t>(x.dim(0))))
    members[group(item)].push_back(item);
  std::vector<int32_t> rows;
  for (int32_t item = 0; item < x.dim(0); ++item) {
    rows.push_back(members[group(item)].back());
    members[group(item)].pop_back();
  }
  return take_rows(x, rows);
}

Tensor principal_components(const Tensor& rows, int64_t d) {
  const int64_t V = rows.dim(0), C = rows.dim(1);
  INPUT_CHECK(d <= std::min(V, C), "hidden: found ", d, ", but embeddings of ", V, " items with ", C,
              " columns have only ", std::min(V, C), " principal components");
  using RowMajor = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::MatrixXd x = Eigen::Map<const RowMajor>(rows.data(), V, C).cast<double>();
  x.rowwise() -= x.colwise().mean().eval();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(x.transpose() * x);
  // Eigen sorts eigenvalues in ascending order.
  Eigen::MatrixXd loadings = solver.eigenvectors().rightCols(d).rowwise().reverse();
  for (int64_t k = 0; k < d; ++k) {
    Eigen::Index largest = 0;
    loadings.col(k).cwiseAbs().maxCoeff(&largest);
    if (loadings(largest, k) < 0) loadings.col(k) *= -1;
  }
  Tensor result = Tensor::empty({V, d});
  Eigen::Map<RowMajor>(result.data(), V, d) = (x * loadings).cast<real>();
  return result;
}

Tensor read_item_matrix(const nn::Path& file, const std::string& name, int64_t items) {
  const Tensor matrix = nn::read_safetensors(file).at(name);
  INPUT_CHECK(matrix.rank() == 2 && matrix.dim(0) == items, file.string(), ": '", name, "' has shape ",
              matrix.shape(), ", expected a row for each of ", items, " items");
  return matrix;
}

}  // namespace p2rec
