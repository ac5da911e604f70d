#include "11_tiny_llama/b_grouped_queries.h"

#include <vector>

#include "autograd/ops.h"

namespace n11b = exercise::n11b;

EXERCISE("11b", 4, "Grouped queries") {
  using ag::Tensor;
  const int64_t N = 3, H = 6, KV = 2, D = 2;
  grade.part("the key head of each query head", [&] {
    const auto heads = [](int64_t all, int64_t keys) {
      std::vector<int64_t> list;
      for (int64_t h = 0; h < all; ++h) list.push_back(n11b::key_head(h, all, keys));
      return list;
    };
    if (!grade.equal("the key heads of H = 6, KV = 2", heads(H, KV), {0, 0, 0, 1, 1, 1})) {
      grade.check(heads(H, KV) != std::vector<int64_t>{0, 1, 0, 1, 0, 1},
                  "h % KV: query heads take turns; expected neighbours in one group");
      grade.check(heads(H, KV) != std::vector<int64_t>{0, 0, 1, 1, 2, 2},
                  "h / KV: there is no key head 2; the size of a group is H / KV");
    }
    grade.equal("the key heads of H = 3, KV = 3", heads(3, 3), {0, 1, 2});
    grade.equal("the key heads of H = 3, KV = 1", heads(3, 1), {0, 0, 0});
  });
  const Tensor k = exercise::normal("k", {N, KV, D});
  grade.part("the repeated heads", [&] {
    const Tensor q = exercise::normal("q", {N, H, D}), v = exercise::normal("v", {N, KV, D});
    const ag::Offsets one({int32_t(N)});
    grade.close("attention with repeated keys and values",
                ag::attention(q, n11b::repeated(k, H), n11b::repeated(v, H), one, one, ag::Mask::Causal),
                ag::attention(q, k, v, one, one, ag::Mask::Causal));
  });
  grade.part("the gradient of the repetition", [&] {
    const Tensor dy = exercise::normal("dy", {N, H, D});
    Tensor leaf = k.clone().set_requires_grad();
    std::vector<Tensor> heads;
    for (const int64_t head : {0, 0, 0, 1, 1, 1}) heads.push_back(ag::slice(leaf, 1, head, head + 1));
    ag::backward(ag::concat(heads, 1), dy);
    const Tensor got = n11b::repeated_backward(dy, KV);
    if (grade.close("dx", got, leaf.grad())) return;
    const Tensor last = ag::concat({ag::slice(dy, 1, 2, 3), ag::slice(dy, 1, 5, 6)}, 1);
    grade.check(!exercise::is_close(got, last),
                "only the last head of a group counts; expected the sum of all");
    grade.check(!exercise::is_close(got, ag::scale(leaf.grad(), 1.0 / 3)),
                "the mean over a group; expected the sum: each copy adds its gradient");
  });
  grade.part("the numbers in the cache", [&] {
    const int64_t right = 2 * 30 * 2048 * 3 * 64, got = n11b::cache_numbers(30, 2048, 3, 64);
    if (!grade.equal("30 layers, 2048 tokens, 3 key heads of 64", {got}, {right}))
      grade.check(2 * got != right, "half of it: the cache holds keys and values");
  });
}
