#include "12_pretrained_llama/b_cache.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops.h"

using ag::Tensor;

namespace {

std::vector<double> row(const Tensor& x, int64_t i) {
  return {x.data() + i * x.dim(1), x.data() + (i + 1) * x.dim(1)};
}

// Goes through T tokens of size D whose queries are `factor` times as large as usual.
void judge(exercise::Grade& grade, int64_t T, int64_t D, double factor) {
  const Tensor q = ag::scale(exercise::normal("q", {T, D}), factor), k = exercise::normal("k", {T, D}),
               v = exercise::normal("v", {T, D});
  const auto whole = [&](double scale, const Tensor& values) {
    const ag::Offsets one({static_cast<int32_t>(T)});
    const auto head = [&](const Tensor& x) { return ag::reshape(x, {T, 1, D}); };
    return ag::attention(head(ag::scale(q, scale)), head(k), head(values), one, one, ag::Mask::Causal)
        .view({T, D});
  };
  const Tensor right = whole(1, v), unscaled = whole(std::sqrt(static_cast<double>(D)), v),
               keys = whole(1, k);
  exercise::n12b::Cache cache;
  for (int64_t t = 0; t < T; ++t) {
    const auto y = exercise::n12b::next(cache, row(q, t), row(k, t), row(v, t));
    const Tensor got = Tensor::from({static_cast<int64_t>(y.size())}, y);
    if (!grade.close(ag::message("y of token ", t), y, row(right, t))) {
      grade.check(!exercise::is_close(got, unscaled.rows(t, t + 1).view({D})),
                  "the factor 1/sqrt(D) is missing");
      grade.check(!exercise::is_close(got, keys.rows(t, t + 1).view({D})),
                  "the weights are for the values, not for the keys");
      const bool nan = std::ranges::any_of(y, [](double number) { return std::isnan(number); });
      grade.check(!nan || t > 0, "the first token has nothing to see: keep its key and value first");
      grade.check(!nan || t == 0, "a score is too large for exp(): subtract the largest score first");
      if (t > 0)
        grade.check(!exercise::is_close(got, Tensor::from({D}, row(v, t))),
                    "only the newest token has a weight: are the kept keys those of the earlier tokens?");
      return;
    }
    grade.check(std::ssize(cache.keys) == t + 1 && std::ssize(cache.values) == t + 1,
                ag::message("after ", t + 1, " tokens the cache has ", cache.keys.size(), " keys and ",
                            cache.values.size(), " values"));
  }
}

}  // namespace

EXERCISE("12b", 3, "A cache of keys and values") {
  grade.part("the first token: it sees only itself", [&] { judge(grade, 1, 4, 1); });
  grade.part("ten tokens", [&] { judge(grade, 10, 4, 1); });
  grade.part("large scores do not overflow", [&] { judge(grade, 5, 8, 2000); });
}
