#include "autograd/ops/launch.cuh"
#include "autograd/ops/math.h"

namespace ag::cuda {

void gather_rows(real* y, const real* table, const int32_t* ids, int64_t N, int64_t C) {
  for_each(N * C, [=] __device__(int64_t i) { y[i] = table[ids[i / C] * C + i % C]; });
}

void gather_rows_bf16(real* y, const uint16_t* table, const int32_t* ids, int64_t N, int64_t C) {
  for_each(N * C, [=] __device__(int64_t i) { y[i] = math::from_bf16(table[ids[i / C] * C + i % C]); });
}

void scatter_add_rows(real* dtable, const real* dy, const TableUses& uses, int64_t C) {
  for_each_row(uses.U, [=] __device__(int64_t u, const Block& block) {
    for (int64_t c = block.thread(); c < C; c += kThreads) {
      real sum = 0;
      for (int64_t i = uses.begin[u]; i < uses.begin[u + 1]; ++i) sum += dy[uses.at[i] * C + c];
      dtable[uses.rows[u] * C + c] += sum;
    }
  });
}

void copy_columns(real* to, int64_t to_stride, const real* from, int64_t from_stride, int64_t R, int64_t C) {
  for_each(R * C,
           [=] __device__(int64_t i) { to[i / C * to_stride + i % C] = from[i / C * from_stride + i % C]; });
}

}  // namespace ag::cuda
