// Answer to 04a.
//
// n_i = x_i s with s = (mean(x^2) + eps)^(-1/2), so ds/dx_j = -s^3 x_j / C = -s^2 n_j / C and
//   dn_i/dx_j = [i = j] s - x_i s^2 n_j / C = s ([i = j] - n_i n_j / C)
// The chain rule sums over i: dx_j = sum_i g_i dn_i/dx_j = s (g_j - n_j mean(g n)).
#pragma once

#include <cmath>

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n04a {

using ag::Tensor;

// s of row r.
inline double inverse_rms(const Tensor& x, int64_t r, double eps) {
  const int64_t C = x.dim(1);
  double squares = 0;
  for (int64_t c = 0; c < C; ++c) squares += x.data()[r * C + c] * x.data()[r * C + c];
  return 1 / std::sqrt(squares / static_cast<double>(C) + eps);
}

inline Tensor rms_norm_dw(const Tensor& x, const Tensor& w, double eps, const Tensor& dy) {
  const int64_t R = x.dim(0), C = x.dim(1);
  const Tensor dw = ag::zeros_like(w);
  for (int64_t r = 0; r < R; ++r) {
    const double s = inverse_rms(x, r, eps);
    for (int64_t c = 0; c < C; ++c) dw.data()[c] += dy.data()[r * C + c] * x.data()[r * C + c] * s;
  }
  return dw;
}

inline Tensor rms_norm_dx(const Tensor& x, const Tensor& w, double eps, const Tensor& dy) {
  const int64_t R = x.dim(0), C = x.dim(1);
  const Tensor dx = ag::empty_like(x);
  for (int64_t r = 0; r < R; ++r) {
    const double s = inverse_rms(x, r, eps);
    double mean = 0;
    for (int64_t c = 0; c < C; ++c)
      mean += dy.data()[r * C + c] * w.data()[c] * x.data()[r * C + c] * s / static_cast<double>(C);
    for (int64_t c = 0; c < C; ++c)
      dx.data()[r * C + c] = s * (dy.data()[r * C + c] * w.data()[c] - x.data()[r * C + c] * s * mean);
  }
  return dx;
}

}  // namespace exercise::n04a
