// 08 Attention: how does a sequence look at itself, and how can it do so without a table of all pairs?
//
//   y_i = sum_j p_ij v_j,   p_ij = exp(s_ij) / sum_j' exp(s_ij'),   s_ij = q_i . k_j / sqrt(D)
//
// Every row asks (q), every row answers (k), and what is passed on (v) is a mean by how well they fit.
// Composed of known ops this holds p, T^2 numbers; the fused form never does, and gives the same result.
// Vaswani et al. 2017; the running softmax of step 2 is Milakov and Gimelshein's (2018), the fused form Dao
// et al.'s (2022).
//
// New: queries, keys and values, the causal mask, the running softmax, padding. Needs: 04, 07.
// Takes less than a second. --data FILE or FOLDER packs histories of your own users.
// Read beside it: autograd/ops/attention.cpp.
#include <cmath>

#include "autograd/ops.h"
#include "p2rec/data/load_data.h"
#include "tutorials/figures.h"

namespace {

using ag::Mask, ag::Offsets, ag::real, ag::Tensor;
using lesson::check, lesson::largest_difference, lesson::normal;

// --- 1. One head, one sequence, from plain ops. q, k, v (T,D)

// Divided by sqrt(D) since the dot product of two random vectors has the variance D: without it the softmax
// of a large D puts everything on one key, where its gradient is almost zero.
Tensor weights(const Tensor& q, const Tensor& k, Mask mask) {
  const int64_t T = q.dim(0);
  Tensor s = ag::scale(ag::matmul(q, k, false, true), 1 / std::sqrt(double(q.dim(1))));  // (T,T)
  if (mask == Mask::Causal) {
    // exp(-inf) = 0: row i gives nothing to what comes after it.
    Tensor hidden = Tensor::zeros({T, T});
    for (int64_t i = 0; i < T; ++i) std::fill_n(hidden.data() + i * T + i + 1, T - i - 1, real(-INFINITY));
    s = ag::add(s, hidden);
  }
  return ag::softmax(s);
}
Tensor composed(const Tensor& q, const Tensor& k, const Tensor& v, Mask mask) {
  return ag::matmul(weights(q, k, mask), v);
}

// The library's op is for packed sequences and many heads: (N,H,D). Here it is given one of each.
Tensor fused(const Tensor& q, const Tensor& k, const Tensor& v, Mask mask) {
  const int64_t T = q.dim(0), D = q.dim(1);
  const auto heads = [&](const Tensor& x) { return ag::reshape(x, {T, 1, D}); };
  const Offsets one({static_cast<int32_t>(T)});
  return ag::reshape(ag::attention(heads(q), heads(k), heads(v), one, one, mask), {T, D});
}

// One character for each weight: a space below 0.1, then one more for each tenth, @ from 0.9.
void show_map(const Tensor& p) {
  for (int64_t i = 0; i < p.dim(0); ++i) {
    std::string line;
    for (int64_t j = 0; j < p.dim(1); ++j) {
      const real weight = p.data()[i * p.dim(1) + j];
      line += " .:-=+*#%@"[static_cast<size_t>(std::min(real(9), 10 * weight))];
      line += ' ';
    }
    fmt::print("  query {:2}  {}\n", i, line);
  }
}

// --- 2. The running softmax: one pass over the keys, and no row of weights

// One query. `top` is the largest score so far, `sum` and y hold exp(s - top) and its product with v. A
// larger score makes the old ones smaller by exp(old top - new top); at the end y / sum is the mean. What is
// kept does not depend on the number of keys. The library's kernel does this for tiles of 32 queries, with
// matrix products.
void running_softmax(const real* q, const Tensor& k, const Tensor& v, int64_t seen, real* y) {
  const int64_t D = k.dim(1);
  real top = -INFINITY, sum = 0;
  std::fill_n(y, D, real(0));
  for (int64_t j = 0; j < seen; ++j) {
    real s = 0;
    for (int64_t d = 0; d < D; ++d) s += q[d] * k.data()[j * D + d];
    s /= std::sqrt(static_cast<real>(D));
    const real now = std::max(top, s), before = std::exp(top - now), weight = std::exp(s - now);
    sum = sum * before + weight;
    for (int64_t d = 0; d < D; ++d) y[d] = y[d] * before + weight * v.data()[j * D + d];
    top = now;
  }
  for (int64_t d = 0; d < D; ++d) y[d] /= sum;
}

// --- 3. Memory and time, forward and backward

struct Cost {
  double mib, ms;
};
template <class F>
Cost cost_of(const F& attention, int64_t T, int64_t D, uint64_t seed) {
  const Tensor q = normal("q", {T, D}, seed).set_requires_grad(),
               k = normal("k", {T, D}, seed).set_requires_grad(),
               v = normal("v", {T, D}, seed).set_requires_grad();
  ag::reset_memory_peak();
  const int64_t before = ag::memory_stats().in_use;
  const lesson::Stopwatch time;
  ag::backward(ag::sum(attention(q, k, v, Mask::Causal)));
  return {double(ag::memory_stats().peak - before) / (1 << 20), time.ms()};
}

void chapter(const lesson::Options& options) {
  const int64_t T = 12, D = 8, middle = T / 2;
  lesson::heading(
      fmt::format("1. The weights of {} places, causal: each query sees itself and what was before", T));
  const Tensor q = normal("q", {T, D}, options.seed).set_requires_grad();
  const Tensor k = normal("k", {T, D}, options.seed).set_requires_grad();
  const Tensor v = normal("v", {T, D}, options.seed).set_requires_grad();
  fmt::print("  a column for each key; weights from . (0.1) over :-=+*#% to @ (0.9)\n");
  show_map(weights(q, k, Mask::Causal));
  lesson::heat_map(options, "weights", "The weights of each query", "key", "query",
                   weights(q, k, Mask::Causal));
  for (const Mask mask : {Mask::None, Mask::Causal}) {
    const char* name = mask == Mask::Causal ? "causal" : "no mask";
    std::vector<Tensor> gradients;
    for (const auto form : {composed, fused}) {
      const Tensor y = form(q, k, v, mask);
      ag::backward(y, normal("dy", {T, D}, options.seed));
      for (const Tensor& x : {q, k, v}) gradients.push_back(x.grad()), x.zero_grad();
    }
    double apart = largest_difference(composed(q, k, v, mask), fused(q, k, v, mask)), gradients_apart = 0;
    for (size_t i = 0; i < 3; ++i)
      gradients_apart = std::max(gradients_apart, largest_difference(gradients[i], gradients[i + 3]));
    check(apart < 1e-5, fmt::format("{}: composed and fused give the same y", name));
    check(gradients_apart < 1e-4, fmt::format("{}: and the same dq, dk, dv", name));
  }

  lesson::heading("2. The running softmax");
  Tensor y = Tensor::empty({T, D});
  for (int64_t i = 0; i < T; ++i) running_softmax(q.data() + i * D, k, v, i + 1, y.data() + i * D);
  check(largest_difference(y, composed(q, k, v, Mask::Causal)) < 1e-5,
        "one pass over the keys gives the same y");

  lesson::heading("3. Memory and time, forward and backward, one head of size 32");
  // Backward needs p again. The fused form has kept one number for each query, L_i = log sum_j exp(s_ij), and
  // computes p_ij = exp(s_ij - L_i) from q and k a second time: more arithmetic, but arithmetic is cheaper
  // than memory.
  fmt::print("  {:>6}  {:^18}  {:^18}\n  {:>6}  {:>8} {:>9}  {:>8} {:>9}\n", "", "composed", "fused", "T",
             "MiB", "ms", "MiB", "ms");
  std::vector<Cost> costs[2];
  std::vector<lesson::Series> memory{{"composed", {}}, {"fused", {}}};
  for (int64_t length = 128; length <= (options.quick ? 512 : 2048); length *= 2) {
    costs[0].push_back(cost_of(composed, length, 32, options.seed));
    costs[1].push_back(cost_of(fused, length, 32, options.seed));
    const Cost a = costs[0].back(), b = costs[1].back();
    memory[0].points.emplace_back(length, a.mib);
    memory[1].points.emplace_back(length, b.mib);
    fmt::print("  {:6}  {:8.2f} {:9.2f}  {:8.2f} {:9.2f}\n", length, a.mib, a.ms, b.mib, b.ms);
  }
  lesson::lines(options, "memory", "Memory by the length of the sequence", "T", "MiB", memory);
  const auto growth = [](const std::vector<Cost>& c) { return c.back().mib / c[c.size() - 2].mib; };
  fmt::print("  T doubled: {:.1f} times the memory composed, {:.1f} times fused\n", growth(costs[0]),
             growth(costs[1]));
  check(growth(costs[0]) > 3, "composed, memory grows like T^2");
  check(growth(costs[1]) < 2.5, "fused, it grows like T");

  lesson::heading(fmt::format("4. Masks: what changes when the item at place {} changes?", middle));
  Tensor moved_k = k.clone(), moved_v = v.clone();
  for (int64_t d = 0; d < D; ++d) moved_k.data()[middle * D + d] += 1, moved_v.data()[middle * D + d] += 1;
  for (const Mask mask : {Mask::None, Mask::Causal}) {
    const Tensor before = fused(q, k, v, mask), after = fused(q, moved_k, moved_v, mask);
    const double earlier = largest_difference(before.rows(0, middle), after.rows(0, middle)),
                 later = largest_difference(before.rows(middle, T), after.rows(middle, T));
    const bool causal = mask == Mask::Causal;
    fmt::print("  {:<8} earlier places by {:.3f}, it and later ones by {:.3f}\n",
               causal ? "causal" : "no mask", earlier, later);
    check(later > 1e-3 && (earlier == 0) == causal,
          causal ? "the past does not change: it may be trained to predict the future"
                 : "everything changes: such a model may only predict what is hidden from it");
  }

  lesson::heading("5. Packing against padding: the histories of 64 users, most of them short");
  const p2rec::Interactions data = p2rec::load_data(options.data);
  std::vector<int32_t> lengths;
  for (const auto& sequence : data.sequences) {
    if (lengths.size() < 64) lengths.push_back(static_cast<int32_t>(sequence.size()));
  }
  const Offsets packed(lengths);
  const auto B = packed.sequences(), longest = packed.longest(), N = packed.rows();
  const Offsets padded{std::vector<int32_t>(size_t(B), int32_t(longest))};
  fmt::print("  packed {} rows, padded to the longest {} rows: {:.1f} times as many\n", N, padded.rows(),
             double(padded.rows()) / double(N));
  check(N < padded.rows(), "padding computes rows that nobody needs");
  const Tensor x = normal("x", {N, 1, D}, options.seed);
  Tensor with_padding = Tensor::zeros({padded.rows(), 1, D});  // the padding is after each sequence
  for (int64_t b = 0; b < B; ++b)
    with_padding.rows(b * longest, b * longest + packed.length(b))
        .copy_from(x.rows(packed.at(b), packed.at(b + 1)));
  for (const Mask mask : {Mask::None, Mask::Causal}) {
    const Tensor right = ag::attention(x, x, x, packed, packed, mask),
                 wide = ag::attention(with_padding, with_padding, with_padding, padded, padded, mask);
    double apart = 0;
    for (int64_t b = 0; b < B; ++b) {
      const int64_t begin = packed.at(b), end = packed.at(b + 1);
      apart = std::max(apart, largest_difference(right.rows(begin, end),
                                                 wide.rows(b * longest, b * longest + end - begin)));
    }
    // A zero vector is not nothing: its score is 0, not -inf, so it takes its share of the softmax.
    const bool causal = mask == Mask::Causal;
    fmt::print("  {:<8} real rows of the padded batch are off by {:.3f}\n", causal ? "causal" : "no mask",
               apart);
    check((apart < 1e-5) == causal,
          causal ? "causal, padding at the end is only waste: nobody looks there"
                 : "without a mask the queries see the padding, and the result is wrong");
  }
  fmt::print("\nNext: 09 builds two recommenders of it, one with the causal mask and one without.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {"--data"}, chapter); }
