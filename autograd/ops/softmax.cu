// One block of threads for each row; the formulas are in softmax.cpp.
#include <cmath>

#include "autograd/ops/launch.cuh"
#include "autograd/ops/math.h"

namespace ag::cuda {
namespace {

__device__ real largest_of_row(const real* x, int64_t C, const Block& block) {
  real top = -INFINITY;
  for (int64_t c = block.thread(); c < C; c += kThreads) top = x[c] > top ? x[c] : top;
  return block.max(top);
}

__device__ real exp_sum_of_row(const real* x, real top, int64_t C, const Block& block) {
  return block.sum_of(C, [&](int64_t c) { return math::exp(x[c] - top); });
}

}  // namespace

void softmax_forward(real* y, const real* x, int64_t R, int64_t C) {
  for_each_row(R, [=] __device__(int64_t r, const Block& block) {
    const real* row = x + r * C;
    const real top = largest_of_row(row, C, block), factor = 1 / exp_sum_of_row(row, top, C, block);
    for (int64_t c = block.thread(); c < C; c += kThreads) y[r * C + c] = math::exp(row[c] - top) * factor;
  });
}

void softmax_backward(real* dx, const real* dy, const real* y, int64_t R, int64_t C) {
  for_each_row(R, [=] __device__(int64_t r, const Block& block) {
    const real dot = block.sum_of(C, [&](int64_t c) { return dy[r * C + c] * y[r * C + c]; });
    for (int64_t c = block.thread(); c < C; c += kThreads)
      dx[r * C + c] = y[r * C + c] * (dy[r * C + c] - dot);
  });
}

void cross_entropy(real* loss, real* dlogits, const real* logits, const int32_t* targets, int64_t R,
                   int64_t V) {
  for_each_row(R, [=] __device__(int64_t r, const Block& block) {
    const real* x = logits + r * V;
    const int32_t target = targets[r];
    if (target < 0) {
      for (int64_t v = block.thread(); dlogits && v < V; v += kThreads) dlogits[r * V + v] = 0;
      if (block.thread() == 0) loss[r] = 0;
      return;
    }
    const real at_target = x[target], top = largest_of_row(x, V, block),
               sum = exp_sum_of_row(x, top, V, block);
    // dlogits may be the same memory as logits: the sums are done, and one thread reads and writes a number.
    for (int64_t v = block.thread(); dlogits && v < V; v += kThreads)
      dlogits[r * V + v] = math::exp(x[v] - top) / sum - static_cast<real>(v == target);
    if (block.thread() == 0) loss[r] = top + std::log(sum) - at_target;
  });
}

void bce_with_logits(real* loss, real* dx, const real* x, const real* labels, int64_t n) {
  for_each(n, [=] __device__(int64_t i) {
    loss[i] =
        (x[i] > 0 ? x[i] : real(0)) - x[i] * labels[i] + math::log1p_up_to_one(math::exp(-std::abs(x[i])));
    dx[i] = math::sigmoid(x[i]) - labels[i];
  });
}

}  // namespace ag::cuda
