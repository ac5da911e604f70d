#include "autograd/ops/launch.cuh"

namespace ag::cuda {

void sum_all(real* y, const real* x, int64_t n) {
  for_each_row(1, [=] __device__(int64_t, const Block& block) {
    double total = 0;
    for (int64_t i = block.thread(); i < n; i += kThreads) total += x[i];
    total = block.sum(total);
    if (block.thread() == 0) *y = static_cast<real>(total);
  });
}

void sum_squares(double* y, const real* x, int64_t n) {
  for_each_row(1, [=] __device__(int64_t, const Block& block) {
    double total = 0;
    for (int64_t i = block.thread(); i < n; i += kThreads) total += double(x[i]) * double(x[i]);
    total = block.sum(total);
    if (block.thread() == 0) *y = total;
  });
}

// A block for each column.
void sum_rows(real* y, const real* x, int64_t R, int64_t C) {
  for_each_row(C, [=] __device__(int64_t c, const Block& block) {
    real total = 0;
    for (int64_t r = block.thread(); r < R; r += kThreads) total += x[r * C + c];
    total = block.sum(total);
    if (block.thread() == 0) y[c] = total;
  });
}

void sum_columns(real* y, const real* x, int64_t R, int64_t C) {
  for_each_row(R, [=] __device__(int64_t r, const Block& block) {
    real total = 0;
    for (int64_t c = block.thread(); c < C; c += kThreads) total += x[r * C + c];
    total = block.sum(total);
    if (block.thread() == 0) y[r] = total;
  });
}

}  // namespace ag::cuda
