// Fused attention on CUDA. A kernel holds kThreads weights of one query, or of one key, at a time, so nothing
// of size queries x keys is in memory. One thread writes each gradient. The formulas are in attention.cpp.
#include <cmath>

#include "autograd/ops/dropout_mask.h"
#include "autograd/ops/launch.cuh"
#include "autograd/ops/math.h"

namespace ag::cuda {
namespace {

// Computes the attention weights.
struct Weights {
  AttentionArgs s;
  DropoutMask masks;

  explicit Weights(const AttentionArgs& arguments) : s(arguments), masks(s.dropout, s.key) {}

  __device__ real factor() const { return 1 / std::sqrt(static_cast<real>(s.D)); }
  __device__ int64_t group() const { return s.H / s.KV; }  // query heads that share a key head
  __device__ real dot(const real* a, const real* b) const {
    real sum = 0;
    for (int64_t d = 0; d < s.D; ++d) sum += a[d] * b[d];
    return sum;
  }
  // 0 or 1 / (1 - p) for query row i and key j of its sequence; 1 without dropout.
  __device__ real mask(int64_t i, int64_t h, int64_t j) const {
    return s.dropout != 0 ? masks.element(s.mask_row(i, h), j) : real(1);
  }
};

// The sequence that contains a row, by bisection.
__device__ int64_t sequence_of(const int32_t* offsets, int64_t B, int64_t row) {
  int64_t low = 0, high = B;  // offsets[low] <= row < offsets[high]
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    (offsets[middle] <= row ? low : high) = middle;
  }
  return low;
}

// One query row and head, and the keys that it sees.
struct Query {
  int64_t i, h, kv, first_key, seen;

  __device__ Query(const AttentionArgs& s, int64_t row) : i(row / s.H), h(row % s.H), kv(h / (s.H / s.KV)) {
    const int64_t b = sequence_of(s.q_offsets, s.B, i);
    first_key = s.k_offsets[b];
    const int64_t queries = s.q_offsets[b + 1] - s.q_offsets[b], keys = s.k_offsets[b + 1] - first_key;
    seen = s.causal ? i - s.q_offsets[b] + 1 + keys - queries : keys;
  }
  // The index of key j's first number in k and v.
  __device__ int64_t key(const AttentionArgs& s, int64_t j) const {
    return ((first_key + j) * s.KV + kv) * s.D;
  }
};

// y[d] += sum over the tile's rows t of weights[t] rows[t][d], where row t begins at begin + t * stride.
__device__ void add_weighted(real* y, const real* weights, const real* rows, int64_t count, int64_t stride,
                             int64_t D, const Block& block) {
  for (int64_t d = block.thread(); d < D; d += kThreads) {
    real sum = 0;
    for (int64_t t = 0; t < count; ++t) sum += weights[t] * rows[t * stride + d];
    y[d] += sum;
  }
}

}  // namespace

void attention_forward(real* y, real* logsumexp, real* /*scratch*/, const real* q, const real* k,
                       const real* v, const AttentionArgs& s) {
  const Weights w(s);
  for_each_row(s.queries * s.H, [=] __device__(int64_t row, const Block& block) {
    __shared__ real tile[kThreads];
    const Query query(w.s, row);
    const int64_t D = w.s.D;
    const real* q_row = q + row * D;
    const real factor = w.factor();
    const auto score = [&](int64_t j) { return w.dot(q_row, k + query.key(w.s, j)) * factor; };
    real top = -INFINITY;
    for (int64_t j = block.thread(); j < query.seen; j += kThreads) {
      const real x = score(j);
      top = x > top ? x : top;
    }
    top = block.max(top);
    const real sum = block.sum_of(query.seen, [&](int64_t j) { return math::exp(score(j) - top); });
    for (int64_t d = block.thread(); d < D; d += kThreads) y[row * D + d] = 0;
    for (int64_t begin = 0; begin < query.seen; begin += kThreads) {
      const int64_t j = begin + block.thread(), left = query.seen - begin;
      block.wait();  // all threads have used the previous tile
      if (j < query.seen)
        tile[block.thread()] = math::exp(score(j) - top) / sum * w.mask(query.i, query.h, j);
      block.wait();
      add_weighted(y + row * D, tile, v + query.key(w.s, begin), left < kThreads ? left : kThreads,
                   w.s.KV * D, D, block);
    }
    if (block.thread() == 0) logsumexp[row] = top + std::log(sum);
  });
}

void attention_backward(real* dq, real* dk, real* dv, real* /*scratch*/, const real* dy, const real* y,
                        const real* logsumexp, const real* q, const real* k, const real* v,
                        const AttentionArgs& s) {
  const Weights w(s);
  // dq: one block for each query row and head loops over the keys.
  for_each_row(s.queries * s.H, [=] __device__(int64_t row, const Block& block) {
    __shared__ real tile[kThreads];
    const Query query(w.s, row);
    const int64_t D = w.s.D;
    const real *q_row = q + row * D, *dy_row = dy + row * D;
    const real factor = w.factor(), dot = w.dot(dy_row, y + row * D), lse = logsumexp[row];
    for (int64_t d = block.thread(); d < D; d += kThreads) dq[row * D + d] = 0;
    for (int64_t begin = 0; begin < query.seen; begin += kThreads) {
      const int64_t j = begin + block.thread(), left = query.seen - begin;
      block.wait();
      if (j < query.seen) {
        const int64_t at = query.key(w.s, j);
        const real p = math::exp(w.dot(q_row, k + at) * factor - lse);
        tile[block.thread()] = p * (w.dot(dy_row, v + at) * w.mask(query.i, query.h, j) - dot) * factor;
      }
      block.wait();
      add_weighted(dq + row * D, tile, k + query.key(w.s, begin), left < kThreads ? left : kThreads,
                   w.s.KV * D, D, block);
    }
  });
  // dk and dv: one block for each key row and key head loops over the queries that see it, head by head.
  for_each_row(s.keys * s.KV, [=] __device__(int64_t row, const Block& block) {
    __shared__ real tile_k[kThreads], tile_v[kThreads];
    const AttentionArgs& sizes = w.s;
    const int64_t D = sizes.D, key = row / sizes.KV, kv = row % sizes.KV;
    const int64_t b = sequence_of(sizes.k_offsets, sizes.B, key), j = key - sizes.k_offsets[b];
    const int64_t first = sizes.q_offsets[b], queries = sizes.q_offsets[b + 1] - first,
                  keys = sizes.k_offsets[b + 1] - sizes.k_offsets[b];
    const int64_t first_seeing = sizes.causal && j > keys - queries ? j - (keys - queries) : 0;
    const real factor = w.factor();
    for (int64_t d = block.thread(); d < D; d += kThreads) dk[row * D + d] = dv[row * D + d] = 0;
    for (int64_t h = kv * w.group(); h < (kv + 1) * w.group(); ++h) {
      for (int64_t begin = first_seeing; begin < queries; begin += kThreads) {
        const int64_t i = first + begin + block.thread(), left = queries - begin;
        block.wait();
        if (block.thread() < left) {
          const int64_t at = (i * sizes.H + h) * D;
          const real p = math::exp(w.dot(q + at, k + row * D) * factor - logsumexp[i * sizes.H + h]);
          const real mask = w.mask(i, h, j), dot = w.dot(dy + at, y + at);
          tile_k[block.thread()] = p * (w.dot(dy + at, v + row * D) * mask - dot) * factor;
          tile_v[block.thread()] = p * mask;
        }
        block.wait();
        const int64_t count = left < kThreads ? left : kThreads, at = ((first + begin) * sizes.H + h) * D;
        add_weighted(dk + row * D, tile_k, q + at, count, sizes.H * D, D, block);
        add_weighted(dv + row * D, tile_v, dy + at, count, sizes.H * D, D, block);
      }
    }
  });
}

}  // namespace ag::cuda
