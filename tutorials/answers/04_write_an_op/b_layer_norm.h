// Answer to 04b.
//
// With g = dy w: dx = s (g - mean(g) - n mean(g n)). It takes two things out of g: what is the same in the
// whole row, and what points along n. y does not change with either.
#pragma once

#include <cmath>

#include "autograd/ops.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n04b {

using ag::Tensor;

struct Grads {
  Tensor dx;
  Tensor dw, db;
};

inline Grads layer_norm_backward(const Tensor& x, const Tensor& w, double eps, const Tensor& dy) {
  const int64_t R = x.dim(0), C = x.dim(1);
  const Grads grads{ag::empty_like(x), ag::zeros_like(w), ag::zeros_like(w)};
  std::vector<double> n(static_cast<size_t>(C)), g(static_cast<size_t>(C));
  for (int64_t r = 0; r < R; ++r) {
    const ag::real *row = x.data() + r * C, *d = dy.data() + r * C;
    const double count = static_cast<double>(C);
    double mean = 0, variance = 0, mean_g = 0, mean_gn = 0;
    for (int64_t c = 0; c < C; ++c) mean += row[c] / count;
    for (int64_t c = 0; c < C; ++c) variance += (row[c] - mean) * (row[c] - mean) / count;
    const double s = 1 / std::sqrt(variance + eps);
    for (int64_t c = 0; c < C; ++c) {
      const auto i = static_cast<size_t>(c);
      n[i] = (row[c] - mean) * s;
      g[i] = d[c] * w.data()[c];
      mean_g += g[i] / count;
      mean_gn += g[i] * n[i] / count;
      grads.dw.data()[c] += d[c] * n[i];
      grads.db.data()[c] += d[c];
    }
    for (int64_t c = 0; c < C; ++c) {
      const auto i = static_cast<size_t>(c);
      grads.dx.data()[r * C + c] = s * (g[i] - mean_g - n[i] * mean_gn);
    }
  }
  return grads;
}

}  // namespace exercise::n04b
