#include "p2rec/methods/llmemb/contrastive_loss.h"

#include "autograd/ops.h"
#include "nn/soft_cross_entropy.h"

namespace p2rec {
namespace {

using ag::Tensor;

// A matrix times a number () that may require grad.
Tensor times(const Tensor& matrix, const Tensor& number) {
  const Tensor column = ag::reshape(matrix, {matrix.numel(), 1});
  return ag::reshape(ag::matmul(column, ag::reshape(number, {1, 1})), matrix.shape());
}

Tensor transposed(const Tensor& square) {
  Tensor identity = Tensor::zeros(square.shape());
  for (int64_t i = 0; i < square.dim(0); ++i) identity.rows(i, i + 1).data()[i] = 1;
  return ag::matmul(square, identity.to(square.device()), true);
}

}  // namespace

Tensor contrastive_loss(const Tensor& x, const Tensor& y, const Tensor& tau) {
  AG_CHECK(x.rank() == 2 && x.shape() == y.shape(), "contrastive_loss: x ", x.shape(), ", y ", y.shape(),
           "; expected two equal matrices");
  const Tensor similarity =
                   ag::scale(ag::add(ag::matmul(x, x, false, true), ag::matmul(y, y, false, true)), 0.5),
               targets = ag::softmax(times(similarity, tau)), inverse = ag::exp(ag::scale(ag::log(tau), -1));
  const Tensor rows = nn::soft_cross_entropy(times(ag::matmul(x, y, false, true), inverse), targets),
               columns =
                   nn::soft_cross_entropy(times(ag::matmul(y, x, false, true), inverse), transposed(targets));
  return ag::scale(ag::add(rows, columns), 0.5);
}

}  // namespace p2rec
