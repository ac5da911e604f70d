// Packed attention: the op and its composed definition. The fused kernels are in attention_kernels.cpp.
#include <cmath>

#include "autograd/kernels.h"
#include "autograd/ops.h"

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
  return {.q_offsets = nullptr,  // like k_offsets and rows: the caller's, where the kernels run
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
  DISPATCH(device, attention_forward, y.data(), logsumexp.data(), scratch.data(), q.data(), k.data(),
           v.data(), s);
  // The offsets and row numbers are captured too: s points into them.
  return record("attention", y, {q, k, v},
                [q = q.detach(), k = k.detach(), v = v.detach(), y = y.detach(), logsumexp, q_begins,
                 k_begins, numbers, s](const Tensor& dy, const Needs&) -> Grads {
                  // As much as today's threads need: there may be more of them than in the forward pass.
                  Tensor dq = empty_like(q), dk = empty_like(k), dv = empty_like(v),
                         workspace =
                             Tensor::empty({attention_scratch(s, q.device())}, DType::Real, q.device());
                  DISPATCH(q.device(), attention_backward, dq.data(), dk.data(), dv.data(), workspace.data(),
                           dy.data(), y.data(), logsumexp.data(), q.data(), k.data(), v.data(), s);
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
    Tensor hidden = Tensor::zeros({queries, keys});  // -inf where a query may not look
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

}  // namespace ag
