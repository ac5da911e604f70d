// Packed attention: the op, its definition from plain ops, and the fused kernels for the CPU. The largest
// temporary of a kernel is the scores of one query tile; backward recomputes them from the stored
// log-sum-exp. Work is split over (sequence, key head), so one thread writes each gradient of k and v.
#include <cmath>

#include "autograd/gemm.h"
#include "autograd/kernels.h"
#include "autograd/ops.h"
#include "autograd/ops/dropout_mask.h"
#include "autograd/ops/math.h"
#include "autograd/parallel.h"

namespace ag {
namespace {

AttentionArgs arguments_of(const char* name, const Tensor& q, const Tensor& k, const Tensor& v,
                           const Offsets& q_offsets, const Offsets& k_offsets, Mask mask, double p,
                           const RandomKey& key, const Tensor& rows) {
  AG_CHECK(p >= 0 && static_cast<real>(p) < 1, name, ": the rate of dropout is ", p,
           "; expected 0 <= rate < 1");
  AG_CHECK(q.rank() == 3 && k.rank() == 3 && k.shape() == v.shape() && k.dim(2) == q.dim(2) && k.dim(1) > 0 &&
               q.dim(1) % k.dim(1) == 0,
           name, ": expected q (N, H, D) and k, v (M, KV, D) with H a multiple of KV but they have shapes ",
           q.shape(), ", ", k.shape(), " and ", v.shape());
  AG_CHECK(q_offsets.sequences() == k_offsets.sequences() && q_offsets.rows() == q.dim(0) &&
               k_offsets.rows() == k.dim(0),
           name, ": the offsets hold ", q_offsets.sequences(), " sequences of ", q_offsets.rows(),
           " queries and ", k_offsets.sequences(), " of ", k_offsets.rows(), " keys, but q has shape ",
           q.shape(), " and k ", k.shape());
  AG_CHECK(!rows.defined() || rows.numel() == q.dim(0), name, ": ", rows.shape(),
           " row numbers for q with shape ", q.shape());
  for (int64_t b = 0; b < q_offsets.sequences(); ++b) {
    AG_CHECK(k_offsets.length(b) >= (mask == Mask::Causal ? q_offsets.length(b) : q_offsets.length(b) > 0),
             name, ": sequence ", b, " has ", q_offsets.length(b), " queries but only ", k_offsets.length(b),
             " keys");
  }
  return {.q_offsets = nullptr,  // the caller sets q_offsets, k_offsets and rows, on the kernels' device
          .k_offsets = nullptr,
          .B = q_offsets.sequences(),
          .H = q.dim(1),
          .KV = k.dim(1),
          .D = q.dim(2),
          .queries = q.dim(0),
          .keys = k.dim(0),
          .longest_k = k_offsets.longest(),
          .causal = mask == Mask::Causal,
          .dropout = static_cast<real>(p),
          .key = key,
          .rows = nullptr};
}

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Offsets& q_offsets,
                 const Offsets& k_offsets, Mask mask, double p, const RandomKey& key, const Tensor& rows) {
  const Device device = q.device();
  AttentionArgs s = arguments_of("attention", q, k, v, q_offsets, k_offsets, mask, p, key, rows);
  const Tensor q_begins = q_offsets.tensor().to(device), k_begins = k_offsets.tensor().to(device),
               numbers = rows.defined() ? rows.to(device) : rows;
  s.q_offsets = q_begins.ints();
  s.k_offsets = k_begins.ints();
  if (numbers.defined()) s.rows = numbers.ints();
  Tensor y = empty_like(q), logsumexp = Tensor::empty({q.dim(0), q.dim(1)}, DType::Real, device),
         scratch = Tensor::empty({attention_scratch(s, device)}, DType::Real, device);
  DISPATCH(device, attention_forward, y, logsumexp, scratch, q, k, v, s);
  // The offsets and row numbers are captured too: s points into them.
  return record(
      "attention", y, {q, k, v},
      [q = q.detach(), k = k.detach(), v = v.detach(), y = y.detach(), logsumexp, q_begins, k_begins, numbers,
       s](const Tensor& dy, const Needs&) -> Grads {
        // Allocated again: there may be more threads now than in the forward pass.
        Tensor dq = empty_like(q), dk = empty_like(k), dv = empty_like(v),
               workspace = Tensor::empty({attention_scratch(s, q.device())}, DType::Real, q.device());
        DISPATCH(q.device(), attention_backward, dq, dk, dv, workspace, dy, y, logsumexp, q, k, v, s);
        return {dq, dk, dv};
      });
}

Tensor attention_composed(const Tensor& q, const Tensor& k, const Tensor& v, const Offsets& q_offsets,
                          const Offsets& k_offsets, Mask mask, double p, const RandomKey& key,
                          const Tensor& rows) {
  const AttentionArgs s =
      arguments_of("attention_composed", q, k, v, q_offsets, k_offsets, mask, p, key, rows);
  std::vector<int32_t> mask_rows;
  for (int64_t row = 0; row < s.queries * s.H; ++row) {
    const int64_t i = row / s.H;
    mask_rows.push_back(static_cast<int32_t>((rows.defined() ? rows.ints()[i] : i) * s.H + row % s.H));
  }
  const Tensor dropped = dropout(Tensor::full({s.queries, s.H, s.longest_k}, 1, q.device()), p, key,
                                 Tensor::from_ints(mask_rows));
  // Head h of the sequence in rows [begin, end) of x, as a matrix (T, D).
  const auto head = [](const Tensor& x, int64_t begin, int64_t end, int64_t h) {
    return reshape(slice(slice(x, 0, begin, end), 1, h, h + 1), {end - begin, x.dim(2)});
  };
  std::vector<Tensor> sequences;
  for (int64_t b = 0; b < s.B; ++b) {
    const int64_t queries = q_offsets.length(b), keys = k_offsets.length(b);
    Tensor hidden = Tensor::zeros({queries, keys});  // -inf where a query does not see a key
    for (int64_t i = 0; i < queries && s.causal; ++i) {
      for (int64_t j = i + (keys - queries) + 1; j < keys; ++j) hidden.data()[i * keys + j] = -INFINITY;
    }
    std::vector<Tensor> heads;
    for (int64_t h = 0; h < s.H; ++h) {
      const int64_t kv = h / (s.H / s.KV);
      const Tensor qh = head(q, q_offsets.at(b), q_offsets.at(b + 1), h);
      const Tensor kh = head(k, k_offsets.at(b), k_offsets.at(b + 1), kv),
                   vh = head(v, k_offsets.at(b), k_offsets.at(b + 1), kv);
      const Tensor scores = scale(matmul(qh, kh, false, true), 1 / std::sqrt(double(s.D)));
      const Tensor kept = slice(head(dropped, q_offsets.at(b), q_offsets.at(b + 1), h), 1, 0, keys);
      heads.push_back(matmul(mul(softmax(add(scores, hidden.to(q.device()))), kept), vh));
    }
    sequences.push_back(reshape(concat(heads, 1), {queries, s.H, s.D}));
  }
  return concat(sequences, 0);
}

namespace {

constexpr int64_t kTile = 32;  // queries of a tile

// The work of one thread at a time: one sequence and one key head.
struct HeadTask {
  const AttentionArgs& s;
  int64_t kv, first_q, queries, first_k, keys;

  HeadTask(const AttentionArgs& sizes, int64_t index) : s(sizes), kv(index % sizes.KV) {
    const int64_t b = index / s.KV;
    first_q = s.q_offsets[b];
    queries = s.q_offsets[b + 1] - first_q;
    first_k = s.k_offsets[b];
    keys = s.k_offsets[b + 1] - first_k;
  }
  // Row `begin` of a head of queries or of a head of keys and values. The next row is this many numbers on:
  int64_t q_stride() const { return s.H * s.D; }
  int64_t k_stride() const { return s.KV * s.D; }
  template <class Real>
  Real* q_rows(Real* x, int64_t begin, int64_t h) const {
    return x + begin * q_stride() + h * s.D;
  }
  template <class Real>
  Real* k_rows(Real* x) const {
    return x + first_k * k_stride() + kv * s.D;
  }
  // The number of keys that query i sees: all, or the first ones if causal. The last query sees all.
  int64_t seen(int64_t i) const { return s.causal ? i + 1 + keys - queries : keys; }
};

int64_t tile_elements(const AttentionArgs& s) { return kTile * s.longest_k; }

// Calls f(from, to, mask) for the first `seen` weights of query row i and head h, one group of masks at a
// time: mask[j - from] is 0 or 1 / (1 - p) for weight j, and 1 if p is 0.
template <class F>
void for_each_mask_group(const AttentionArgs& s, const DropoutMask& masks, int64_t i, int64_t h, int64_t seen,
                         const F& f) {
  constexpr int64_t kGroup = DropoutMask::kGroup;
  real mask[kGroup];
  std::fill_n(mask, kGroup, real(1));
  for (int64_t begin = 0; begin < seen; begin += kGroup) {
    if (s.dropout != 0) masks.group(mask, s.mask_row(i, h), begin / kGroup);
    f(begin, std::min(begin + kGroup, seen), mask);
  }
}

// Calls f(work, scratch of this thread) for each sequence and key head.
template <class F>
void for_each_head(const AttentionArgs& s, int64_t scratch_per_thread, real* scratch, const F& f) {
  const int64_t jobs = s.B * s.KV, cost = 4 * (s.H / s.KV) * s.longest_k * s.D;
  FirstException problem;
#pragma omp parallel for schedule(dynamic) if (jobs > 1 && jobs * cost * s.longest_k > (1 << 16))
  for (int64_t i = 0; i < jobs; ++i)
    problem.catch_from([&] { f(HeadTask(s, i), scratch + omp_get_thread_num() * scratch_per_thread); });
  problem.rethrow();
}

}  // namespace

// CUDA's kernels need no scratch memory.
int64_t attention_scratch(const AttentionArgs& s, Device device) {
  return device == Device::CPU ? 2 * tile_elements(s) * thread_count() : 0;
}

namespace cpu {

void attention_forward(real* y, real* logsumexp, real* scratch, const real* q, const real* k, const real* v,
                       const AttentionArgs& s) {
  const real factor = 1 / std::sqrt(static_cast<real>(s.D));
  const int64_t group = s.H / s.KV;
  const DropoutMask masks(s.dropout, s.key);
  for_each_head(s, 2 * tile_elements(s), scratch, [&](const HeadTask& w, real* own) {
    for (int64_t h = w.kv * group; h < (w.kv + 1) * group; ++h) {
      for (int64_t begin = 0; begin < w.queries; begin += kTile) {
        const int64_t count = std::min(kTile, w.queries - begin), width = w.seen(begin + count - 1);
        strided_gemm(false, true, count, width, s.D, w.q_rows(q, w.first_q + begin, h), w.q_stride(),
                     w.k_rows(k), w.k_stride(), 0, own, width);  // scores
        for (int64_t i = 0; i < count; ++i) {
          real *row = own + i * width, top = -INFINITY, sum = 0;
          const int64_t seen = w.seen(begin + i);
#pragma omp simd reduction(max : top)
          for (int64_t j = 0; j < seen; ++j) top = row[j] > top ? row[j] : top;
#pragma omp simd reduction(+ : sum)
          for (int64_t j = 0; j < seen; ++j) {
            row[j] = math::exp((row[j] - top) * factor);
            sum += row[j];
          }
          const real inverse = 1 / sum;
          for_each_mask_group(s, masks, w.first_q + begin + i, h, seen,
                              [row, inverse](int64_t from, int64_t to, const real* mask) {
#pragma omp simd
                                for (int64_t j = from; j < to; ++j)
                                  row[j] = row[j] * inverse * mask[j - from];
                              });
          for (int64_t j = seen; j < width; ++j) row[j] = 0;
          logsumexp[(w.first_q + begin + i) * s.H + h] = top * factor + std::log(sum);
        }
        strided_gemm(false, false, count, s.D, width, own, width, w.k_rows(v), w.k_stride(), 0,
                     w.q_rows(y, w.first_q + begin, h), w.q_stride());
      }
    }
  });
}

// With p = softmax(q k^T f) and m the mask of dropout:
//   dv = (m p)^T dy,  dp = m (dy v^T),  ds = p (dp - sum(dy y)) f,  dq = ds k,  dk = ds^T q
// sum(dy y) equals sum(dp p), with dropout and without.
void attention_backward(real* dq, real* dk, real* dv, real* scratch, const real* dy, const real* y,
                        const real* logsumexp, const real* q, const real* k, const real* v,
                        const AttentionArgs& s) {
  const real factor = 1 / std::sqrt(static_cast<real>(s.D));
  const int64_t group = s.H / s.KV;
  const DropoutMask masks(s.dropout, s.key);
  for_each_head(s, 2 * tile_elements(s), scratch, [&](const HeadTask& w, real* own) {
    for (int64_t j = 0; j < w.keys; ++j) {
      std::fill_n(w.k_rows(dk) + j * w.k_stride(), s.D, real(0));
      std::fill_n(w.k_rows(dv) + j * w.k_stride(), s.D, real(0));
    }
    for (int64_t h = w.kv * group; h < (w.kv + 1) * group; ++h) {
      for (int64_t begin = 0; begin < w.queries; begin += kTile) {
        const int64_t first = w.first_q + begin, count = std::min(kTile, w.queries - begin),
                      width = w.seen(begin + count - 1);
        const real *q_tile = w.q_rows(q, first, h), *dy_tile = w.q_rows(dy, first, h);
        real *p = own, *ds = own + tile_elements(s);  // (count, width)
        strided_gemm(false, true, count, width, s.D, q_tile, w.q_stride(), w.k_rows(k), w.k_stride(), 0, p,
                     width);
        strided_gemm(false, true, count, width, s.D, dy_tile, w.q_stride(), w.k_rows(v), w.k_stride(), 0, ds,
                     width);
        for (int64_t i = 0; i < count; ++i) {
          const real *dy_row = dy + ((first + i) * s.H + h) * s.D, *y_row = y + ((first + i) * s.H + h) * s.D;
          real *p_row = p + i * width, *ds_row = ds + i * width, dot = 0;
#pragma omp simd reduction(+ : dot)
          for (int64_t d = 0; d < s.D; ++d) dot += dy_row[d] * y_row[d];
          const real lse = logsumexp[(first + i) * s.H + h];
          const int64_t seen = w.seen(begin + i);
          for_each_mask_group(s, masks, first + i, h, seen, [=](int64_t from, int64_t to, const real* mask) {
#pragma omp simd
            for (int64_t j = from; j < to; ++j) {
              const real weight = math::exp(p_row[j] * factor - lse), m = mask[j - from];
              ds_row[j] = weight * (ds_row[j] * m - dot) * factor;
              p_row[j] = weight * m;
            }
          });
          for (int64_t j = seen; j < width; ++j) p_row[j] = ds_row[j] = 0;
        }
        strided_gemm(true, false, width, s.D, count, p, width, dy_tile, w.q_stride(), 1, w.k_rows(dv),
                     w.k_stride());
        strided_gemm(true, false, width, s.D, count, ds, width, q_tile, w.q_stride(), 1, w.k_rows(dk),
                     w.k_stride());
        strided_gemm(false, false, count, s.D, width, ds, width, w.k_rows(k), w.k_stride(), 0,
                     w.q_rows(dq, first, h), w.q_stride());
      }
    }
  });
}

}  // namespace cpu
}  // namespace ag
