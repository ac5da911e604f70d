#include "autograd/kernels.h"
#include "autograd/ops.h"

namespace ag {
namespace {

Tensor product(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  const int64_t M = a.dim(transpose_a ? 1 : 0), K = a.dim(transpose_a ? 0 : 1),
                N = b.dim(transpose_b ? 0 : 1);
  Tensor c = Tensor::empty({M, N}, DType::Real, a.device());
  DISPATCH(a.device(), gemm, transpose_a, transpose_b, M, N, K, real(1), a.data(), b.data(), real(0),
           c.data());
  return c;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  AG_CHECK(a.rank() == 2 && b.rank() == 2 && a.dim(transpose_a ? 0 : 1) == b.dim(transpose_b ? 1 : 0),
           "matmul: ", a.shape(), transpose_a ? " transposed" : "", " times ", b.shape(),
           transpose_b ? " transposed" : "");
  return record(
      "matmul", product(a, b, transpose_a, transpose_b), {a, b},
      [a = a.detach(), b = b.detach(), transpose_a, transpose_b](const Tensor& dy,
                                                                 const Needs& needs) -> Grads {
        // y = op(a) op(b), so d op(a) = dy op(b)^T and d op(b) = op(a)^T dy. Transpose if op is a transpose.
        Tensor da, db;
        if (needs[0])
          da = transpose_a ? product(b, dy, transpose_b, true) : product(dy, b, false, !transpose_b);
        if (needs[1])
          db = transpose_b ? product(dy, a, true, transpose_a) : product(a, dy, !transpose_a, false);
        return {da, db};
      });
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const int64_t I = x.dim(-1), N = I ? x.numel() / I : 0, O = weight.dim(0);
  AG_CHECK(weight.rank() == 2 && weight.dim(1) == I && I > 0, "linear: the weight is ", weight.shape(),
           " but x has ", I, " columns");
  AG_CHECK(!bias.defined() || bias.shape() == Shape{O}, "linear: the bias is ", bias.shape(),
           " but there are ", O, " outputs");
  Shape shape = x.shape();
  shape.back() = O;
  Tensor y = Tensor::empty(shape, DType::Real, x.device());
  DISPATCH(x.device(), gemm, false, true, N, O, I, real(1), x.data(), weight.data(), real(0), y.data());
  if (bias.defined()) DISPATCH(x.device(), add_row, y.data(), y.data(), bias.data(), N, O);
  return record(
      "linear", y, {x, weight, bias},
      [x = x.detach(), weight = weight.detach(), N, I, O](const Tensor& dy, const Needs& needs) -> Grads {
        const Tensor rows = dy.view({N, O});
        return {needs[0] ? product(rows, weight, false, false).view(x.shape()) : Tensor(),
                needs[1] ? product(rows, x.view({N, I}), true, false) : Tensor(),
                needs[2] ? sum_rows(rows) : Tensor()};
      });
}

}  // namespace ag
