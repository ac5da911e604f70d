#include "autograd/ops/launch.cuh"

namespace ag::cuda {
namespace {

// y[i] = sum over j in [0, n) of x[i * step + j * stride], for i in [0, count).
template <class Sum>
void sums(real* y, int64_t count, const real* x, int64_t step, int64_t n, int64_t stride) {
  for_each_row(count, [=] __device__(int64_t i, const Block& block) {
    const Sum total = block.sum_of(n, [&](int64_t k) { return static_cast<Sum>(x[i * step + k * stride]); });
    if (block.thread() == 0) y[i] = static_cast<real>(total);
  });
}

}  // namespace

void sum_all(real* y, const real* x, int64_t n) { sums<double>(y, 1, x, 0, n, 1); }

void sum_squares(double* y, const Piece* pieces, int64_t P) {
  for_each_row(P, [=] __device__(int64_t p, const Block& block) {
    const Piece piece = pieces[p];
    const double total =
        block.sum_of(piece.n, [&](int64_t i) { return double(piece.x[i]) * double(piece.x[i]); });
    if (block.thread() == 0) y[p] = total;
  });
}

void sum_rows(real* y, const real* x, int64_t R, int64_t C) { sums<real>(y, C, x, 1, R, C); }

void sum_columns(real* y, const real* x, int64_t R, int64_t C) { sums<real>(y, R, x, C, C, 1); }

}  // namespace ag::cuda
