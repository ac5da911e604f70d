#include "autograd/ops/launch.cuh"

namespace ag::cuda {

void candidate_scores(real* y, const real* h, const real* table, const int32_t* ids, int64_t N, int64_t n,
                      int64_t C) {
  for_each(N * n, [=] __device__(int64_t i) {
    const real *state = h + i / n * C, *row = table + ids[i] * C;
    real dot = 0;
    for (int64_t c = 0; c < C; ++c) dot += state[c] * row[c];
    y[i] = dot;
  });
}

void candidate_dh(real* dh, const real* dy, const real* table, const int32_t* ids, int64_t N, int64_t n,
                  int64_t C) {
  for_each(N * C, [=] __device__(int64_t i) {
    const int64_t row = i / C, c = i % C;
    real sum = 0;
    for (int64_t j = 0; j < n; ++j) sum += dy[row * n + j] * table[ids[row * n + j] * C + c];
    dh[i] = sum;
  });
}

void candidate_dtable(real* dtable, const real* dy, const real* h, const TableUses& uses, int64_t n,
                      int64_t C) {
  for_each_row(uses.U, [=] __device__(int64_t u, const Block& block) {
    for (int64_t c = block.thread(); c < C; c += kThreads) {
      real sum = 0;
      for (int64_t i = uses.begin[u]; i < uses.begin[u + 1]; ++i)
        sum += dy[uses.at[i]] * h[uses.at[i] / n * C + c];
      dtable[uses.rows[u] * C + c] += sum;
    }
  });
}

}  // namespace ag::cuda
