#include "nn/soft_cross_entropy.h"

#include <algorithm>

#include "autograd/ops.h"

namespace nn {

using ag::Tensor;

namespace {

// (N,V): each row has its largest number V times. A constant, because log softmax does not depend on it.
Tensor row_maxima(const Tensor& x) {
  const Tensor values = x.to(ag::Device::CPU);
  Tensor maxima = Tensor::empty(x.shape());
  const int64_t V = x.dim(1);
  for (int64_t n = 0; n < x.dim(0); ++n) {
    const ag::real* row = values.data() + n * V;
    std::fill_n(maxima.data() + n * V, V, *std::max_element(row, row + V));
  }
  return maxima.to(x.device());
}

}  // namespace

// sum_v t_v log softmax(x)_v = sum_v t_v x_v - (sum_v t_v) log sum_v exp(x_v), with x shifted by a constant.
Tensor soft_cross_entropy(const Tensor& logits, const Tensor& targets) {
  AG_CHECK(logits.rank() == 2 && logits.shape() == targets.shape() && logits.numel() > 0,
           "soft_cross_entropy: logits ", logits.shape(), ", targets ", targets.shape(),
           "; expected two equal matrices");
  const Tensor x = ag::sub(logits, row_maxima(logits)), normaliser = ag::log(ag::sum_columns(ag::exp(x)));
  const Tensor sum =
      ag::sub(ag::sum(ag::mul(ag::sum_columns(targets), normaliser)), ag::sum(ag::mul(targets, x)));
  return ag::scale(sum, 1.0 / static_cast<double>(logits.dim(0)));
}

}  // namespace nn
