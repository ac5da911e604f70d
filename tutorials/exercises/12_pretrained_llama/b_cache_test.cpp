#include "12_pretrained_llama/b_cache.h"

#include "autograd/check.h"

namespace n12b = exercise::n12b;

EXERCISE("12b", 3, "A step with a cache of keys and values") {
  using ag::Tensor;
  const int64_t T = 7, D = 4, capacity = 10;
  const Tensor q = exercise::normal("q", {T, 1, D}), k = exercise::normal("k", {T, 1, D}),
               v = exercise::normal("v", {T, 1, D});
  const Tensor right_keys = n12b::turned(k, 0);
  const ag::Offsets whole({int32_t(T)});
  const Tensor expected = ag::attention(n12b::turned(q, 0), right_keys, v, whole, whole, ag::Mask::Causal);
  // What is not filled would be noticed.
  const auto empty_cache = [&] {
    return n12b::Cache{Tensor::full({capacity, 1, D}, 50), Tensor::full({capacity, 1, D}, 50), 0};
  };
  grade.part("keys and values of new tokens", [&] {
    n12b::Cache cache = empty_cache();
    n12b::append(cache, k.rows(0, 3), v.rows(0, 3));
    if (!grade.equal("the length after 3 tokens", {cache.length}, {3})) return;
    n12b::append(cache, k.rows(3, 4), v.rows(3, 4));
    if (!grade.equal("the length after 1 more", {cache.length}, {4})) return;
    grade.close("the values", cache.values.rows(0, 4), v.rows(0, 4));
    if (!grade.close("the keys", cache.keys.rows(0, 4), right_keys.rows(0, 4))) {
      const bool are_turned =
          grade.check(!exercise::is_close(cache.keys.rows(0, 4), k.rows(0, 4)), "the keys are not turned");
      grade.check(!are_turned || !exercise::is_close(cache.keys.rows(3, 4), n12b::turned(k.rows(3, 4), 0)),
                  "the fourth token is turned as if it were the first: its position is 3");
      grade.check(!exercise::is_close(cache.keys.rows(3, 4), n12b::turned(k.rows(3, 4), 4)),
                  "the fourth token is turned by position 4: take the length before it grows");
    }
    grade.close("what is not filled", cache.keys.rows(4, capacity), Tensor::full({capacity - 4, 1, D}, 50));
  });
  grade.part("attention of the newest token", [&] {
    n12b::Cache cache = empty_cache();
    cache.length = 5;
    cache.keys.rows(0, 5).copy_from(right_keys.rows(0, 5));
    cache.values.rows(0, 5).copy_from(v.rows(0, 5));
    const Tensor got = n12b::attend(cache, q.rows(4, 5));
    if (grade.close("y of the fifth token", got, expected.rows(4, 5))) return;
    const auto with = [&](const Tensor& query, int64_t keys) {
      const ag::Offsets one({1}), seen({int32_t(keys)});
      return ag::attention(query, cache.keys.rows(0, keys), cache.values.rows(0, keys), one, seen,
                           ag::Mask::None);
    };
    const Tensor query = n12b::turned(q.rows(4, 5), 4);
    grade.check(!exercise::is_close(got, with(q.rows(4, 5), 5)), "the query is not turned");
    grade.check(!exercise::is_close(got, with(n12b::turned(q.rows(4, 5), 5), 5)),
                "the query is turned by position 5; the fifth token has position 4");
    grade.check(!exercise::is_close(got, with(query, 4)), "the token does not see itself");
    grade.check(!exercise::is_close(got, with(query, capacity)), "it sees rows that are not filled yet");
  });
  grade.part("a sequence in pieces, and the whole of it", [&] {
    n12b::Cache cache = empty_cache();
    int64_t begin = 0;
    for (const int64_t count : {3, 1, 2, 1}) {
      n12b::append(cache, k.rows(begin, begin + count), v.rows(begin, begin + count));
      begin += count;
      if (!grade.close(ag::message("y of token ", begin - 1), n12b::attend(cache, q.rows(begin - 1, begin)),
                       expected.rows(begin - 1, begin)))
        return;
    }
  });
}
