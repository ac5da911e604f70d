#include "autograd/ops/launch.cuh"
#include "autograd/ops/math.h"

namespace ag::cuda {

void gather_rows(real* y, const real* table, const int32_t* ids, int64_t N, int64_t C) {
  for_each(N * C, [=] __device__(int64_t i) { y[i] = table[ids[i / C] * C + i % C]; });
}

void gather_rows_bf16(real* y, const uint16_t* table, const int32_t* ids, int64_t N, int64_t C) {
  for_each(N * C, [=] __device__(int64_t i) { y[i] = math::from_bf16(table[ids[i / C] * C + i % C]); });
}

// One block for each row of the table searches all ids for it, so the order of the additions is that of the
// ids, as on the CPU.
void scatter_add_rows(real* dtable, const real* dy, const int32_t* ids, int64_t N, int64_t V, int64_t C) {
  for_each_row(V, [=] __device__(int64_t v, const Block& block) {
    for (int64_t i = 0; i < N; ++i) {
      if (ids[i] != v) continue;
      for (int64_t c = block.thread(); c < C; c += kThreads) dtable[v * C + c] += dy[i * C + c];
    }
  });
}

void copy_columns(real* to, int64_t to_stride, const real* from, int64_t from_stride, int64_t R, int64_t C) {
  for_each(R * C,
           [=] __device__(int64_t i) { to[i / C * to_stride + i % C] = from[i / C * from_stride + i % C]; });
}

}  // namespace ag::cuda
