#include "p2rec/methods/federated/averaging.h"

#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>

namespace p2rec {
namespace {

using ag::Tensor;
using Eigen::MatrixXd;
using RowMajor = Eigen::Matrix<ag::real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

MatrixXd matrix_of(const Tensor& x) {
  return Eigen::Map<const RowMajor>(x.data(), x.dim(0), x.dim(1)).cast<double>();
}

void set(const Tensor& x, const MatrixXd& values) {
  Eigen::Map<RowMajor>(x.data(), x.dim(0), x.dim(1)) = values.cast<ag::real>();
}

// The places of a LoRA layer's factors in the list of tensors.
struct LoraPair {
  size_t a, b;
};

std::vector<LoraPair> lora_pairs(const nn::NamedTensors& tensors) {
  const std::string a_end = "lora_A.weight", b_end = "lora_B.weight";
  std::vector<LoraPair> pairs;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const std::string& name = tensors[i].first;
    if (!name.ends_with(a_end)) continue;
    const std::string other = name.substr(0, name.size() - a_end.size()) + b_end;
    const auto b = std::ranges::find(tensors, other, &std::pair<std::string, Tensor>::first);
    AG_CHECK(b != tensors.end(), "averaging: found ", name, " without ", other);
    pairs.push_back({i, static_cast<size_t>(b - tensors.begin())});
  }
  return pairs;
}

double total_weight(const std::vector<Update>& updates) {
  double total = 0;
  for (const Update& update : updates) total += update.weight;
  AG_CHECK(total > 0, "averaging: the clients' weights sum to ", total);
  return total;
}

nn::NamedTensors mean_of_each(const std::vector<Update>& updates) {
  const double total = total_weight(updates);
  nn::NamedTensors mean;
  for (size_t i = 0; i < updates.at(0).tensors.size(); ++i) {
    const auto& [name, first] = updates[0].tensors[i];
    std::vector<double> sum(static_cast<size_t>(first.numel()), 0);
    for (const Update& update : updates) {
      const ag::real* values = update.tensors[i].second.data();
      for (size_t k = 0; k < sum.size(); ++k) sum[k] += update.weight / total * double(values[k]);
    }
    mean.emplace_back(name, Tensor::from(first.shape(), sum));
  }
  return mean;
}

// The mean product as left right^T: the clients' B, weighted, and their A^T, one beside the other.
struct MeanProduct {
  MatrixXd left, right;  // (out,n r), (in,n r) for n clients
};

MeanProduct mean_product(const std::vector<Update>& updates, const LoraPair& pair) {
  const Tensor& a = updates.at(0).tensors[pair.a].second;
  const Tensor& b = updates[0].tensors[pair.b].second;
  const int64_t r = a.dim(0), n = std::ssize(updates);
  const double total = total_weight(updates);
  MeanProduct product{MatrixXd(b.dim(0), n * r), MatrixXd(a.dim(1), n * r)};
  for (int64_t c = 0; c < n; ++c) {
    const Update& update = updates[static_cast<size_t>(c)];
    product.left.middleCols(c * r, r) = update.weight / total * matrix_of(update.tensors[pair.b].second);
    product.right.middleCols(c * r, r) = matrix_of(update.tensors[pair.a].second).transpose();
  }
  return product;
}

// Q (rows, m) with orthonormal columns and R (m, columns), Q R = x, m the smaller of both sizes.
std::pair<MatrixXd, MatrixXd> thin_qr(const MatrixXd& x) {
  const Eigen::HouseholderQR<MatrixXd> qr(x);
  const Eigen::Index m = std::min(x.rows(), x.cols());
  return {qr.householderQ() * MatrixXd::Identity(x.rows(), m),
          qr.matrixQR().topRows(m).triangularView<Eigen::Upper>()};
}

// Sets A and B to the factors of the best approximation of the product with their rank. The singular values
// of `left right^T = Q R (Q' R')^T` are those of the small `R R'^T`.
void set_factors(const MeanProduct& product, const Tensor& a, const Tensor& b) {
  const auto [left, left_r] = thin_qr(product.left);
  const auto [right, right_r] = thin_qr(product.right);
  const Eigen::JacobiSVD<MatrixXd> svd(left_r * right_r.transpose(),
                                       Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::Index r = std::min<Eigen::Index>(a.dim(0), svd.singularValues().size());
  MatrixXd A = MatrixXd::Zero(a.dim(0), a.dim(1)), B = MatrixXd::Zero(b.dim(0), b.dim(1));
  A.topRows(r) = (right * svd.matrixV().leftCols(r)).transpose();
  B.leftCols(r) = left * svd.matrixU().leftCols(r) * svd.singularValues().head(r).asDiagonal();
  set(a, A);
  set(b, B);
}

}  // namespace

nn::NamedTensors averaged(const std::vector<Update>& updates, Averaging averaging) {
  const nn::NamedTensors mean = mean_of_each(updates);
  if (averaging == Averaging::Products) {
    for (const LoraPair& pair : lora_pairs(mean))
      set_factors(mean_product(updates, pair), mean[pair.a].second, mean[pair.b].second);
  }
  return mean;
}

double averaging_gap(const std::vector<Update>& updates) {
  const nn::NamedTensors mean = mean_of_each(updates);
  double gap = 0, size = 0;
  for (const LoraPair& pair : lora_pairs(mean)) {
    const auto [left, right] = mean_product(updates, pair);
    const MatrixXd product = left * right.transpose();
    gap += (product - matrix_of(mean[pair.b].second) * matrix_of(mean[pair.a].second)).squaredNorm();
    size += product.squaredNorm();
  }
  return size > 0 ? std::sqrt(gap / size) : 0;
}

}  // namespace p2rec
