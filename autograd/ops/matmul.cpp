#include "autograd/gemm.h"
#include "autograd/kernels.h"
#include "autograd/ops.h"

namespace ag {
namespace {

// onto = op(a) op(b), or onto += op(a) op(b).
void multiply(const Tensor& onto, bool add, const Tensor& a, const Tensor& b, bool transpose_a,
              bool transpose_b) {
  const int64_t M = a.dim(transpose_a ? 1 : 0), K = a.dim(transpose_a ? 0 : 1),
                N = b.dim(transpose_b ? 0 : 1);
  DISPATCH(a.device(), gemm, transpose_a, transpose_b, M, N, K, real(1), a, b, real(add), onto);
}

Tensor product(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  Tensor c = Tensor::empty({a.dim(transpose_a ? 1 : 0), b.dim(transpose_b ? 0 : 1)}, DType::Real, a.device());
  multiply(c, false, a, b, transpose_a, transpose_b);
  return c;
}

// The same for a layer's weight, Real or BF16: onto (N,J) = a (N,K) op(weight), or += with `add`.
void multiply_by_weight(const Tensor& onto, bool add, const Tensor& a, const Tensor& weight, bool transpose) {
  if (weight.dtype() != DType::BF16 || !has_bf16_products(a.device()))
    return multiply(onto, add, a, weight.widened(), false, transpose);
  const Tensor rounded = Tensor::empty(a.shape(), DType::BF16, a.device());
  DISPATCH(a.device(), round_to_bf16, rounded, a, a.numel());
  DISPATCH(a.device(), gemm_bf16, transpose, a.dim(0), weight.dim(transpose ? 0 : 1), a.dim(1), rounded,
           weight, real(add), onto);
}

// The gradient of x (..., I) from that of y = x weight^T, added to what x has already.
Tensor gradient_of_input(const Tensor& dy /*(N,O)*/, const Tensor& weight, const Shape& shape,
                         Tensor so_far) {
  const bool add = so_far.defined();
  Tensor dx = add ? std::move(so_far) : Tensor::empty(shape, DType::Real, dy.device());
  multiply_by_weight(dx, add, dy, weight, false);
  return dx;
}

void check_linear(const char* name, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const int64_t I = x.dim(-1);
  AG_CHECK(weight.rank() == 2 && weight.dim(1) == I && I > 0, name, ": the weight is ", weight.shape(),
           " but x has ", I, " columns");
  AG_CHECK(!bias.defined() || bias.shape() == Shape{weight.dim(0)}, name, ": the bias is ", bias.shape(),
           " but there are ", weight.dim(0), " outputs");
}

// x weight^T + bias, with the shape of x except for its last dimension.
Tensor linear_forward(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const int64_t I = x.dim(-1), N = x.numel() / I, O = weight.dim(0);
  Shape shape = x.shape();
  shape.back() = O;
  Tensor y = Tensor::empty(shape, DType::Real, x.device());
  multiply_by_weight(y, false, x.view({N, I}), weight, true);
  if (bias.defined()) DISPATCH(x.device(), add_row, y, y, bias, N, O);
  return y;
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
  check_linear("linear", x, weight, bias);
  return record("linear", linear_forward(x, weight, bias), {x, weight, bias},
                [x = x.detach(), weight = weight.detach()](const Tensor& dy, const Needs& needs) -> Grads {
                  const int64_t I = x.dim(-1), N = x.numel() / I;
                  const Tensor rows = dy.view({N, weight.dim(0)});
                  return {needs[0] ? gradient_of_input(rows, weight, x.shape(), needs.take_sum(0)) : Tensor(),
                          needs[1] ? product(rows, x.view({N, I}), true, false) : Tensor(),
                          needs[2] ? sum_rows(rows) : Tensor()};
                });
}

Tensor lora_linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& dropped,
                   const Tensor& A, const Tensor& B, double scaling) {
  check_linear("lora_linear", x, weight, bias);
  const int64_t I = x.dim(-1), N = x.numel() / I, O = weight.dim(0), r = A.dim(0);
  AG_CHECK(dropped.shape() == x.shape() && A.shape() == (Shape{r, I}) && B.shape() == (Shape{O, r}),
           "lora_linear: x has shape ", x.shape(), " and the weight ", weight.shape(), ", but dropped has ",
           dropped.shape(), ", A ", A.shape(), " and B ", B.shape());
  const auto scale_in_place = [scaling](const Tensor& z) {
    DISPATCH(z.device(), scale, z, static_cast<real>(scaling), z, z.numel());
  };
  Tensor y = linear_forward(x, weight, bias), low = product(dropped.view({N, I}), A, false, true);  // (N,r)
  scale_in_place(low);
  multiply(y.view({N, O}), true, low, B, false, true);
  return record(
      "lora_linear", y, {x, weight, bias, dropped, A, B},
      [x = x.detach(), weight = weight.detach(), dropped = dropped.detach(), A = A.detach(), B = B.detach(),
       low, one_input = dropped.same_as(x), scale_in_place](const Tensor& dy, const Needs& needs) -> Grads {
        const int64_t columns = x.dim(-1), count = x.numel() / columns;
        const Tensor rows = dy.view({count, weight.dim(0)}), dlow = product(rows, B, false, false);
        scale_in_place(dlow);
        Tensor dx, ddropped;
        if (needs[0]) {
          dx = gradient_of_input(rows, weight, x.shape(), needs.take_sum(0));
          if (one_input) multiply(dx, true, dlow, A, false, false);
        }
        if (needs[3] && !one_input) ddropped = gradient_of_input(dlow, A, x.shape(), needs.take_sum(3));
        return {dx,
                needs[1] ? product(rows, x.view({count, columns}), true, false) : Tensor(),
                needs[2] ? sum_rows(rows) : Tensor(),
                ddropped,
                needs[4] ? product(dlow, dropped.view({count, columns}), true, false) : Tensor(),
                needs[5] ? product(rows, low, true, false) : Tensor()};
      });
}

Tensor lora_linear_composed(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& dropped,
                            const Tensor& A, const Tensor& B, double scaling) {
  return add(linear(x, weight, bias), linear(scale(linear(dropped, A), scaling), B));
}

}  // namespace ag
