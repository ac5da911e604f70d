#include <cmath>

#include "autograd/kernels.h"
#include "autograd/ops.h"
#include "autograd/parallel.h"

namespace ag {

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  const int64_t C = x.dim(-1), R = C ? x.numel() / C : 0;
  AG_CHECK(weight.shape() == Shape{C}, "rms_norm: the weight is ", weight.shape(), " but x has ", C,
           " columns");
  Tensor y = empty_like(x), rstd = Tensor::empty({R}, DType::Real, x.device());
  DISPATCH(x.device(), rms_norm_forward, y, rstd, x, weight, R, C, static_cast<real>(eps));
  return record(
      "rms_norm", y, {x, weight},
      [x = x.detach(), weight = weight.detach(), rstd, R, C](const Tensor& dy, const Needs& needs) -> Grads {
        Tensor dx = empty_like(x), dw = needs[1] ? empty_like(weight) : Tensor();
        DISPATCH(x.device(), rms_norm_backward, dx, dw, dy, x, weight, rstd, R, C);
        return {dx, dw};
      });
}

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  const int64_t C = x.dim(-1), R = C ? x.numel() / C : 0;
  AG_CHECK(weight.shape() == Shape{C} && bias.shape() == Shape{C}, "layer_norm: the weight is ",
           weight.shape(), ", the bias ", bias.shape(), ", but x has ", C, " columns");
  Tensor y = empty_like(x), mean = Tensor::empty({R}, DType::Real, x.device()), rstd = empty_like(mean);
  DISPATCH(x.device(), layer_norm_forward, y, mean, rstd, x, weight, bias, R, C, static_cast<real>(eps));
  return record("layer_norm", y, {x, weight, bias},
                [x = x.detach(), weight = weight.detach(), mean, rstd, R, C](const Tensor& dy,
                                                                             const Needs& needs) -> Grads {
                  Tensor dx = empty_like(x), dw = needs[1] ? empty_like(weight) : Tensor();
                  Tensor db = needs[2] ? empty_like(weight) : Tensor();
                  DISPATCH(x.device(), layer_norm_backward, dx, dw, db, dy, x, weight, mean, rstd, R, C);
                  return {dx, dw, db};
                });
}

namespace cpu {

void rms_norm_forward(real* y, real* rstd, const real* x, const real* w, int64_t R, int64_t C, real eps) {
  parallel_for(R, C, [&](int64_t r) {
    const real* xr = x + r * C;
    real* yr = y + r * C;
    real squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t c = 0; c < C; ++c) squares += xr[c] * xr[c];
    const real inverse = 1 / std::sqrt(squares / static_cast<real>(C) + eps);
    for (int64_t c = 0; c < C; ++c) yr[c] = xr[c] * inverse * w[c];
    rstd[r] = inverse;
  });
}

// With n = x rstd and g = dy w: y = n w, dx = rstd (g - n mean(g n)), and n mean(g n) = x rstd^2 mean(g x).
void rms_norm_backward(real* dx, real* dw, const real* dy, const real* x, const real* w, const real* rstd,
                       int64_t R, int64_t C) {
  parallel_for(R, C, [&](int64_t r) {
    const real *dyr = dy + r * C, *xr = x + r * C;
    real gx = 0;
#pragma omp simd reduction(+ : gx)
    for (int64_t c = 0; c < C; ++c) gx += dyr[c] * w[c] * xr[c];
    const real s = rstd[r], mean_gn_s = gx * s * s / static_cast<real>(C);
    for (int64_t c = 0; c < C; ++c) dx[r * C + c] = s * (dyr[c] * w[c] - xr[c] * mean_gn_s);
  });
  if (!dw) return;
  parallel_columns(R, C, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) dw[c] = 0;
    for (int64_t r = 0; r < R; ++r) {
      for (int64_t c = begin; c < end; ++c) dw[c] += dy[r * C + c] * x[r * C + c] * rstd[r];
    }
  });
}

void layer_norm_forward(real* y, real* mean, real* rstd, const real* x, const real* w, const real* b,
                        int64_t R, int64_t C, real eps) {
  parallel_for(R, C, [&](int64_t r) {
    const real* xr = x + r * C;
    real sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < C; ++c) sum += xr[c];
    const real m = sum / static_cast<real>(C);
#pragma omp simd reduction(+ : squares)
    for (int64_t c = 0; c < C; ++c) squares += (xr[c] - m) * (xr[c] - m);
    const real s = 1 / std::sqrt(squares / static_cast<real>(C) + eps);
    for (int64_t c = 0; c < C; ++c) y[r * C + c] = (xr[c] - m) * s * w[c] + b[c];
    mean[r] = m;
    rstd[r] = s;
  });
}

// With n = (x - mean) rstd and g = dy w: dx = rstd (g - mean(g) - n mean(g n)).
void layer_norm_backward(real* dx, real* dw, real* db, const real* dy, const real* x, const real* w,
                         const real* mean, const real* rstd, int64_t R, int64_t C) {
  parallel_for(R, C, [&](int64_t r) {
    const real *dyr = dy + r * C, *xr = x + r * C;
    const real m = mean[r], s = rstd[r];
    real g = 0, gn = 0;
#pragma omp simd reduction(+ : g, gn)
    for (int64_t c = 0; c < C; ++c) {
      g += dyr[c] * w[c];
      gn += dyr[c] * w[c] * (xr[c] - m) * s;
    }
    g /= static_cast<real>(C);
    gn /= static_cast<real>(C);
    for (int64_t c = 0; c < C; ++c) dx[r * C + c] = s * (dyr[c] * w[c] - g - (xr[c] - m) * s * gn);
  });
  if (!dw && !db) return;
  parallel_columns(R, C, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      if (dw) dw[c] = 0;
      if (db) db[c] = 0;
    }
    for (int64_t r = 0; r < R; ++r) {
      const real m = mean[r], s = rstd[r];
      if (dw) {
        for (int64_t c = begin; c < end; ++c) dw[c] += dy[r * C + c] * (x[r * C + c] - m) * s;
      }
      if (db) {
        for (int64_t c = begin; c < end; ++c) db[c] += dy[r * C + c];
      }
    }
  });
}

}  // namespace cpu
}  // namespace ag
