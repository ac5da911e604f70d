// Scores of a few candidates per row, for losses that sample. No row of the table is copied.
#include <algorithm>

#include "autograd/kernels.h"
#include "autograd/ops.h"
#include "autograd/ops/row_uses.h"
#include "autograd/parallel.h"

namespace ag {

Tensor candidate_scores(const Tensor& h, const Tensor& table, const Tensor& ids) {
  AG_CHECK(h.rank() == 2 && table.rank() == 2 && ids.rank() == 2 && h.dim(1) == table.dim(1) &&
               ids.dim(0) == h.dim(0),
           "candidate_scores: expected h (N, C), a table (V, C) and ids (N, n) but they have shapes ",
           h.shape(), ", ", table.shape(), " and ", ids.shape());
  const int64_t N = h.dim(0), C = h.dim(1), V = table.dim(0), n = ids.dim(1);
  for (int64_t i = 0; i < N * n; ++i) {
    AG_CHECK(ids.ints()[i] >= 0 && ids.ints()[i] < V, "candidate_scores: id ", ids.ints()[i], " of row ",
             i / n, " is not an index below ", V);
  }
  Tensor y = Tensor::empty({N, n}, DType::Real, h.device()), rows = ids.to(h.device());
  DISPATCH(h.device(), candidate_scores, y, h, table, rows, N, n, C);
  return record("candidate_scores", y, {h, table},
                [h = h.detach(), table = table.detach(), ids, rows, N, n, V, C](const Tensor& dy,
                                                                                const Needs& needs) -> Grads {
                  Tensor dh, dtable;
                  if (needs[0]) {
                    dh = empty_like(h);
                    DISPATCH(h.device(), candidate_dh, dh, dy, table, rows, N, n, C);
                  }
                  if (needs[1]) {
                    dtable = zeros_like(table);
                    const RowUses uses(ids, V, h.device());
                    DISPATCH(h.device(), candidate_dtable, dtable, dy, h, uses.uses(), n, C);
                  }
                  return {dh, dtable};
                });
}

namespace cpu {

void candidate_scores(real* y, const real* h, const real* table, const int32_t* ids, int64_t N, int64_t n,
                      int64_t C) {
  parallel_for(N, n * C, [&](int64_t i) {
    const real* state = h + i * C;
    for (int64_t j = 0; j < n; ++j) {
      const real* row = table + ids[i * n + j] * C;
      real dot = 0;
#pragma omp simd reduction(+ : dot)
      for (int64_t c = 0; c < C; ++c) dot += state[c] * row[c];
      y[i * n + j] = dot;
    }
  });
}

void candidate_dh(real* dh, const real* dy, const real* table, const int32_t* ids, int64_t N, int64_t n,
                  int64_t C) {
  parallel_for(N, n * C, [&](int64_t i) {
    real* sum = dh + i * C;
    for (int64_t c = 0; c < C; ++c) sum[c] = 0;
    for (int64_t j = 0; j < n; ++j) {
      const real *row = table + ids[i * n + j] * C, factor = dy[i * n + j];
      for (int64_t c = 0; c < C; ++c) sum[c] += factor * row[c];
    }
  });
}

// As scatter_add_rows: each thread owns a range of rows, so one thread writes each row, in a fixed order.
void candidate_dtable(real* dtable, const real* dy, const real* h, const TableUses& uses, int64_t n,
                      int64_t C) {
  const int64_t threads = thread_count(), N = uses.N / std::max<int64_t>(n, 1);
  parallel_for(threads, uses.N * C / threads, [&](int64_t thread) {
    const int64_t begin = uses.V * thread / threads, end = uses.V * (thread + 1) / threads;
    for (int64_t i = 0; i < N; ++i) {
      const real* state = h + i * C;
      for (int64_t j = 0; j < n; ++j) {
        const int32_t id = uses.ids[i * n + j];
        if (id < begin || id >= end) continue;
        const real factor = dy[i * n + j];
        for (int64_t c = 0; c < C; ++c) dtable[id * C + c] += factor * state[c];
      }
    }
  });
}

}  // namespace cpu
}  // namespace ag
