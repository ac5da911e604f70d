#include "08_attention/c_fused_backward.h"

#include "autograd/ops.h"

namespace n08c = exercise::n08c;

namespace {

using ag::real, ag::Tensor;

// One head, one sequence: the inputs, what the forward pass keeps, and the library's gradients.
struct Case {
  int64_t T, D;
  Tensor q, k, v, y, logsumexp, dy;
  n08c::Gradients right;

  Case(int64_t length, int64_t size) : T(length), D(size) {
    q = exercise::normal("q", {T, D}).set_requires_grad();
    k = exercise::normal("k", {T, D}).set_requires_grad();
    v = exercise::normal("v", {T, D}).set_requires_grad();
    const auto head = [&](const Tensor& x) { return ag::reshape(x, {T, 1, D}); };
    const ag::Offsets one({int32_t(T)});
    const Tensor result = ag::attention(head(q), head(k), head(v), one, one, ag::Mask::Causal);
    dy = exercise::normal("dy", {T, D});
    ag::backward(result, dy.view({T, 1, D}));
    right = {q.grad(), k.grad(), v.grad()};
    for (Tensor* x : {&q, &k, &v}) *x = x->detach();
    y = result.view({T, D});
    logsumexp = Tensor::empty({T});
    for (int64_t i = 0; i < T; ++i) {
      double sum = 0;
      for (int64_t j = 0; j <= i; ++j) sum += std::exp(score(i, j));
      logsumexp.data()[i] = std::log(sum);
    }
  }
  double score(int64_t i, int64_t j) const {
    return n08c::dot(q.data() + i * D, k.data() + j * D, D) / std::sqrt(double(D));
  }
  double p_dp(int64_t i, int64_t j) const {
    return std::exp(score(i, j) - logsumexp.data()[i]) * n08c::dot(dy.data() + i * D, v.data() + j * D, D);
  }
  n08c::Gradients gradients() const { return n08c::backward(q, k, v, y, logsumexp, dy); }

  // dq as it comes out if the sum over j' is not subtracted.
  Tensor dq_of_p_dp() const {
    Tensor dq = Tensor::zeros({T, D});
    for (int64_t i = 0; i < T; ++i) {
      for (int64_t j = 0; j <= i; ++j) {
        for (int64_t d = 0; d < D; ++d)
          dq.data()[i * D + d] += p_dp(i, j) * k.data()[j * D + d] / std::sqrt(double(D));
      }
    }
    return dq;
  }
};

}  // namespace

EXERCISE("08c", 5, "Fused attention's backward from the log-sum-exp") {
  const Case small(6, 4);
  const auto row = [&](const Tensor& x, int64_t i) { return x.data() + i * small.D; };
  grade.part("the weights from the log-sum-exp", [&] {
    for (int64_t i = 0; i < small.T; ++i) {
      const real* q = row(small.q, i);
      double sum = 0;
      for (int64_t j = 0; j <= i; ++j)
        sum += n08c::weight(q, row(small.k, j), small.logsumexp.data()[i], small.D);
      if (grade.close(ag::message("the sum of the weights of query ", i), sum, 1.0)) continue;
      const double product = n08c::dot(q, row(small.k, 0), small.D);
      grade.check(std::abs(n08c::weight(q, row(small.k, 0), 0, small.D) - std::exp(product)) > 1e-9,
                  "the factor 1/sqrt(D) is missing");
      return;
    }
  });
  grade.part("the sum over all keys, from dy and y", [&] {
    const int64_t i = small.T - 1;
    double expected = 0;
    for (int64_t j = 0; j <= i; ++j) expected += small.p_dp(i, j);
    grade.close("sum_j p_ij dp_ij", n08c::mean_of_dp(row(small.dy, i), row(small.y, i), small.D), expected);
  });
  grade.part("dv", [&] { grade.close("dv", small.gradients().dv, small.right.dv); });
  grade.part("dq and dk", [&] {
    const n08c::Gradients got = small.gradients();
    if (!grade.close("dq", got.dq, small.right.dq)) {
      grade.check(!exercise::is_close(got.dq, ag::scale(small.right.dq, 2)),
                  "the factor f = 1/sqrt(D) is missing in dq");
      grade.check(!exercise::is_close(got.dq, small.dq_of_p_dp()), "the sum over j' is not subtracted");
    }
    if (!grade.close("dk", got.dk, small.right.dk))
      grade.check(!exercise::is_close(got.dk, ag::scale(small.right.dk, 2)),
                  "the factor f = 1/sqrt(D) is missing in dk");
  });
  grade.part("memory", [&] {
    const Case large(512, 4);
    ag::reset_memory_peak();
    const int64_t before = ag::memory_stats().in_use;
    const n08c::Gradients got = large.gradients();
    const double size = double(ag::memory_stats().peak - before) / double(large.T * large.D * 8);
    grade.close("dq of 512 queries", got.dq, large.right.dq, 1e-8);
    grade.check(size < 16, ag::message("the backward pass allocates ", size, " times the memory of q;",
                                       " expected 3 times: is there a table of T^2 numbers?"));
  });
}
