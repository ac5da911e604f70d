#include "autograd/ops/launch.cuh"

namespace ag::cuda {
namespace {

// y[i] = sum over j in [0, n) of f(x[i * step + j * stride]), for i in [0, count).
template <class Sum, class Y, class F>
void sums(Y* y, int64_t count, const real* x, int64_t step, int64_t n, int64_t stride, const F& f) {
  for_each_row(count, [=] __device__(int64_t i, const Block& block) {
    const auto total =
        block.sum_of(n, [&](int64_t k) { return static_cast<Sum>(f(x[i * step + k * stride])); });
    if (block.thread() == 0) y[i] = static_cast<Y>(total);
  });
}

struct Itself {
  __device__ real operator()(real x) const { return x; }
};
struct Square {
  __device__ double operator()(real x) const { return double(x) * double(x); }
};

}  // namespace

void sum_all(real* y, const real* x, int64_t n) { sums<double>(y, 1, x, 0, n, 1, Itself()); }

void sum_squares(double* y, const real* x, int64_t n) { sums<double>(y, 1, x, 0, n, 1, Square()); }

void sum_rows(real* y, const real* x, int64_t R, int64_t C) { sums<real>(y, C, x, 1, R, C, Itself()); }

void sum_columns(real* y, const real* x, int64_t R, int64_t C) { sums<real>(y, R, x, C, C, 1, Itself()); }

}  // namespace ag::cuda
