// The formulas are in norm.cpp.
#include <cmath>

#include "autograd/ops/launch.cuh"

namespace ag::cuda {

void rms_norm_forward(real* y, real* rstd, const real* x, const real* w, int64_t R, int64_t C, real eps) {
  for_each_row(R, [=] __device__(int64_t r, const Block& block) {
    const real* xr = x + r * C;
    const real squares = block.sum_of(C, [&](int64_t c) { return xr[c] * xr[c]; });
    const real inverse = 1 / std::sqrt(squares / static_cast<real>(C) + eps);
    for (int64_t c = block.thread(); c < C; c += kThreads) y[r * C + c] = xr[c] * inverse * w[c];
    if (block.thread() == 0) rstd[r] = inverse;
  });
}

void rms_norm_backward(real* dx, real* dw, const real* dy, const real* x, const real* w, const real* rstd,
                       int64_t R, int64_t C) {
  for_each_row(R, [=] __device__(int64_t r, const Block& block) {
    const real *dyr = dy + r * C, *xr = x + r * C;
    const real gx = block.sum_of(C, [&](int64_t c) { return dyr[c] * w[c] * xr[c]; });
    const real s = rstd[r], mean_gn_s = gx * s * s / static_cast<real>(C);
    for (int64_t c = block.thread(); c < C; c += kThreads)
      dx[r * C + c] = s * (dyr[c] * w[c] - xr[c] * mean_gn_s);
  });
  if (!dw) return;
  for_each_row(C, [=] __device__(int64_t c, const Block& block) {
    const real sum = block.sum_of(R, [&](int64_t r) { return dy[r * C + c] * x[r * C + c] * rstd[r]; });
    if (block.thread() == 0) dw[c] = sum;
  });
}

void layer_norm_forward(real* y, real* mean, real* rstd, const real* x, const real* w, const real* b,
                        int64_t R, int64_t C, real eps) {
  for_each_row(R, [=] __device__(int64_t r, const Block& block) {
    const real* xr = x + r * C;
    const real m = block.sum_of(C, [&](int64_t c) { return xr[c]; }) / static_cast<real>(C);
    const real squares = block.sum_of(C, [&](int64_t c) { return (xr[c] - m) * (xr[c] - m); });
    const real s = 1 / std::sqrt(squares / static_cast<real>(C) + eps);
    for (int64_t c = block.thread(); c < C; c += kThreads) y[r * C + c] = (xr[c] - m) * s * w[c] + b[c];
    if (block.thread() == 0) {
      mean[r] = m;
      rstd[r] = s;
    }
  });
}

void layer_norm_backward(real* dx, real* dw, real* db, const real* dy, const real* x, const real* w,
                         const real* mean, const real* rstd, int64_t R, int64_t C) {
  for_each_row(R, [=] __device__(int64_t r, const Block& block) {
    const real *dyr = dy + r * C, *xr = x + r * C;
    const real m = mean[r], s = rstd[r];
    real g = 0, gn = 0;
    for (int64_t c = block.thread(); c < C; c += kThreads) {
      g += dyr[c] * w[c];
      gn += dyr[c] * w[c] * (xr[c] - m) * s;
    }
    g = block.sum(g) / static_cast<real>(C);
    gn = block.sum(gn) / static_cast<real>(C);
    for (int64_t c = block.thread(); c < C; c += kThreads)
      dx[r * C + c] = s * (dyr[c] * w[c] - g - (xr[c] - m) * s * gn);
  });
  if (!dw && !db) return;
  for_each_row(C, [=] __device__(int64_t c, const Block& block) {
    real weight = 0, bias = 0;
    for (int64_t r = block.thread(); r < R; r += kThreads) {
      weight += dy[r * C + c] * (x[r * C + c] - mean[r]) * rstd[r];
      bias += dy[r * C + c];
    }
    weight = block.sum(weight);
    bias = block.sum(bias);
    if (block.thread() == 0) {
      if (dw) dw[c] = weight;
      if (db) db[c] = bias;
    }
  });
}

}  // namespace ag::cuda
