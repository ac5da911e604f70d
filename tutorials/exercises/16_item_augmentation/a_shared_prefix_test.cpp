#include "16_item_augmentation/a_shared_prefix.h"

using ag::Tensor;
using namespace exercise::n16a;

EXERCISE("16a", 3, "Attention after a shared prefix") {
  grade.part("the positions", [&] {
    const std::vector<int32_t> got = positions(5, 3);
    if (!grade.equal("the list of positions of 3 tokens after 5 words", {got.begin(), got.end()}, {5, 6, 7}))
      grade.check(got != std::vector<int32_t>{0, 1, 2},
                  "they count from the first word, not from the own ones");
  });
  grade.part("attention", [&] {
    const int64_t P = 5, T = 4, D = 6;
    const Tensor q = exercise::normal("q", {P + T, D}), k = exercise::normal("k", {P + T, D}),
                 v = exercise::normal("v", {P + T, D});
    const auto head = [&](const Tensor& x) { return ag::reshape(x, {x.dim(0), 1, D}); };
    const auto attention = [&](const Tensor& queries, ag::Mask mask) {
      const ag::Offsets of_q({static_cast<int32_t>(queries.dim(0))}), of_k({static_cast<int32_t>(P + T)});
      return ag::reshape(ag::attention(head(queries), head(k), head(v), of_q, of_k, mask), queries.shape());
    };
    const Tensor own = q.rows(P, P + T), whole = attention(q, ag::Mask::Causal).rows(P, P + T);
    const Tensor got = attend(k.rows(0, P), v.rows(0, P), own, k.rows(P, P + T), v.rows(P, P + T));
    if (!grade.close("y", got, whole)) {
      grade.check(!exercise::is_close(got, attention(own, ag::Mask::None)), "own tokens see later ones");
      const Tensor first = attention(q, ag::Mask::Causal).rows(0, T);
      grade.check(!exercise::is_close(got.rows(0, 1), first.rows(0, 1)),
                  "the first own token sees only one key: the mask is aligned at the start");
      const ag::Offsets alone({static_cast<int32_t>(T)});
      const Tensor blind = ag::attention(head(own), head(k.rows(P, P + T)), head(v.rows(P, P + T)), alone,
                                         alone, ag::Mask::Causal);
      grade.check(!exercise::is_close(got, ag::reshape(blind, {T, D})), "nobody looks at the prefix");
      const auto below = [&](const Tensor& x) {  // the prefix below the own rows
        return head(ag::concat({x.rows(P, P + T), x.rows(0, P)}, 0));
      };
      const Tensor other = ag::attention(head(own), below(k), below(v), alone,
                                         ag::Offsets({static_cast<int32_t>(P + T)}), ag::Mask::Causal);
      grade.check(!exercise::is_close(got, ag::reshape(other, {T, D})),
                  "the prefix is joined below the own keys and values; it comes first");
    }
  });
  grade.part("the products", [&] {
    const auto [whole, shared] =
        products(3, 2, 10);  // a prompt: 1 + 2 + 3 of the words, 4 + 5 of the own tokens
    if (!grade.equal("the number of products with whole prompts", {whole}, {150}))
      grade.check(whole != 250 && whole != 160,
                  "a query sees itself and what is before it: j = 1 .. t, not all");
    if (!grade.equal("the number of products with a shared prefix", {shared}, {96})) {
      grade.check(shared != 36, "own tokens look at the words too");
      grade.check(shared != 90, "the words' own attention is computed once, not never");
    }
  });
}
