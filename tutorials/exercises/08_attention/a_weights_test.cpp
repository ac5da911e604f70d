#include "08_attention/a_weights.h"

#include "autograd/ops.h"

namespace n08a = exercise::n08a;

EXERCISE("08a", 4, "The weights of attention") {
  using ag::real, ag::Tensor;
  const int64_t T = 5, D = 4;
  const Tensor q = exercise::normal("q", {T, D}), k = exercise::normal("k", {T, D}),
               v = exercise::normal("v", {T, D});
  const Tensor products = ag::matmul(q, k, false, true), right = ag::scale(products, 1 / std::sqrt(4.0));
  // -infinity for j >= i + diagonal.
  const auto hidden_from = [&](int64_t diagonal) {
    Tensor s = right.clone();
    for (int64_t i = 0; i < T; ++i) {
      for (int64_t j = i + diagonal; j < T; ++j) s.data()[i * T + j] = -INFINITY;
    }
    return s;
  };
  // Scores of -infinity are compared after exp, which makes them 0.
  const auto is = [](const Tensor& s, const Tensor& expected) {
    return exercise::is_close(ag::exp(s), ag::exp(expected));
  };

  grade.part("the scores", [&] {
    const Tensor s = n08a::scores(q, k);
    if (grade.close("s", s, right)) return;
    grade.check(!exercise::is_close(s, products), "the factor 1/sqrt(D) is missing");
    grade.check(!exercise::is_close(s, ag::scale(products, 1.0 / D)), "divided by D; expected by sqrt(D)");
    grade.check(!exercise::is_close(s, ag::scale(products, 1 / std::sqrt(double(T)))),
                "divided by sqrt(T); expected by sqrt(D): the number of terms of each product");
    grade.check(!exercise::is_close(s, ag::scale(ag::matmul(k, q, false, true), 0.5)),
                "rows and columns are exchanged: row i belongs to query i");
  });
  grade.part("the causal mask", [&] {
    const Tensor s = n08a::causal(right);
    if (grade.close("exp(s)", ag::exp(s), ag::exp(hidden_from(1))) || s.shape() != right.shape()) return;
    grade.check(!is(s, hidden_from(0)), "a query does not see its own place: hide only j > i");
    grade.check(!is(s, hidden_from(2)), "off by one: a query sees the place after its own");
    bool zeros = true, past = true;
    for (int64_t i = 0; i < T; ++i) {
      for (int64_t j = 0; j < T; ++j) {
        if (j > i) zeros = zeros && s.data()[i * T + j] == 0;
        if (j < i) past = past && s.data()[i * T + j] == real(-INFINITY);
      }
    }
    grade.check(!zeros, "hidden scores are 0, but exp(0) = 1: they take their share of the softmax");
    grade.check(!past, "the past is hidden instead of the future");
  });
  grade.part("the softmax of each row", [&] {
    const Tensor p = n08a::softmax_rows(right);
    if (!grade.close("p", p, ag::softmax(right))) {
      const auto transposed = [&](const Tensor& x) {
        const Tensor y = Tensor::empty({T, T});
        for (int64_t e = 0; e < T * T; ++e) y.data()[e] = x.data()[e % T * T + e / T];
        return y;
      };
      grade.check(!exercise::is_close(p, transposed(ag::softmax(transposed(right)))),
                  "the columns sum to 1; expected the rows");
      grade.check(!exercise::is_close(p, ag::exp(right)), "not divided by the sum of the row");
    }
    const Tensor large = Tensor::from({2, 2}, {1000, 1001, -1000, -1001});
    const Tensor got = n08a::softmax_rows(large);
    if (!grade.close("p of scores of 1000", got, ag::softmax(large)))
      grade.check(!std::isnan(got.data()[0]), "exp(1000) is infinite: subtract the row's largest score");
    grade.close("p of a masked row", n08a::softmax_rows(Tensor::from({2, 2}, {1, -INFINITY, 0, 0})),
                Tensor::from({2, 2}, {1, 0, 0.5, 0.5}));
  });
  grade.part("all together, against fused attention", [&] {
    const Tensor p = n08a::softmax_rows(n08a::causal(n08a::scores(q, k)));
    const auto head = [&](const Tensor& x) { return ag::reshape(x, {T, 1, D}); };
    const ag::Offsets one({int32_t(T)});
    const Tensor y = ag::attention(head(q), head(k), head(v), one, one, ag::Mask::Causal);
    grade.close("p v", ag::matmul(p, v), ag::reshape(y, {T, D}));
  });
}
