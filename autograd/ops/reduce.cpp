#include "autograd/kernels.h"
#include "autograd/ops.h"
#include "autograd/parallel.h"

namespace ag {
namespace {

Tensor total(const char* name, const Tensor& x, real factor) {
  Tensor y = Tensor::empty({}, DType::Real, x.device());
  DISPATCH(x.device(), sum_all, y, x, x.numel());
  DISPATCH(x.device(), scale, y, factor, y, 1);
  return record(name, y, {x}, [shape = x.shape(), factor](const Tensor& dy, const Needs&) -> Grads {
    Tensor dx = Tensor::full(shape, factor, dy.device());
    DISPATCH(dy.device(), scale_by, dx, dy, dx, dx.numel());
    return {dx};
  });
}

void check_matrix(const char* name, const Tensor& x) {
  AG_CHECK(x.rank() == 2, name, ": expected a matrix (R, C) but x has shape ", x.shape());
}

}  // namespace

Tensor sum(const Tensor& x) { return total("sum", x, 1); }

Tensor mean(const Tensor& x) {
  AG_CHECK(x.numel() > 0, "mean: x of shape ", x.shape(), " has no element");
  return total("mean", x, real(1) / static_cast<real>(x.numel()));
}

Tensor sum_rows(const Tensor& x) {
  check_matrix("sum_rows", x);
  const int64_t R = x.dim(0), C = x.dim(1);
  Tensor y = Tensor::empty({C}, DType::Real, x.device());
  DISPATCH(x.device(), sum_rows, y, x, R, C);
  return record("sum_rows", y, {x}, [R, C](const Tensor& dy, const Needs&) -> Grads {
    return {add_row(Tensor::zeros({R, C}, DType::Real, dy.device()), dy)};
  });
}

Tensor sum_columns(const Tensor& x) {
  check_matrix("sum_columns", x);
  const int64_t R = x.dim(0), C = x.dim(1);
  Tensor y = Tensor::empty({R}, DType::Real, x.device());
  DISPATCH(x.device(), sum_columns, y, x, R, C);
  return record("sum_columns", y, {x}, [R, C](const Tensor& dy, const Needs&) -> Grads {
    // Every element of a row receives that row's gradient: dy (R,1) times a row of ones (1,C).
    return {matmul(dy.view({R, 1}), Tensor::full({1, C}, 1, dy.device()))};
  });
}

namespace cpu {

// Sums blocks of a fixed size, so that the order of the additions does not depend on the number of threads.
void sum_all(real* y, const real* x, int64_t n) {
  double total = 0;
  constexpr int64_t kBlock = 1 << 12;
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t end = begin + kBlock < n ? begin + kBlock : n;
    double block = 0;
#pragma omp simd reduction(+ : block)
    for (int64_t i = begin; i < end; ++i) block += x[i];
    total += block;
  }
  *y = static_cast<real>(total);
}

void sum_squares(double* y, const Piece* pieces, int64_t P) {
  parallel_for(P, 1 << 12, [&](int64_t p) {
    const real* x = pieces[p].x;
    const int64_t n = pieces[p].n;
    double total = 0;
#pragma omp simd reduction(+ : total)
    for (int64_t i = 0; i < n; ++i) total += double(x[i]) * double(x[i]);
    y[p] = total;
  });
}

void sum_rows(real* y, const real* x, int64_t R, int64_t C) {
  parallel_columns(R, C, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) y[c] = 0;
    for (int64_t r = 0; r < R; ++r) {
      for (int64_t c = begin; c < end; ++c) y[c] += x[r * C + c];
    }
  });
}

void sum_columns(real* y, const real* x, int64_t R, int64_t C) {
  parallel_for(R, C, [&](int64_t r) {
    real total = 0;
#pragma omp simd reduction(+ : total)
    for (int64_t c = 0; c < C; ++c) total += x[r * C + c];
    y[r] = total;
  });
}

}  // namespace cpu
}  // namespace ag
