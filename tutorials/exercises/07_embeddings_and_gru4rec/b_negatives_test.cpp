#include "07_embeddings_and_gru4rec/b_negatives.h"

#include "autograd/check.h"
#include "nn/init.h"

namespace n07b = exercise::n07b;

EXERCISE("07b", 2, "Negatives, and what BPR optimises") {
  grade.part("a negative", [&] {
    const int32_t V = 8, count = 8000;
    const std::vector<int32_t> has{0, 2, 3, 5};
    uint64_t draws = 0;
    const auto draw = [&] {
      return int32_t(ag::random_below(nn::key_for("negatives", 1), draws++, uint32_t(V)));
    };
    std::vector<int> counts(V);
    for (int32_t n = 0; n < count; ++n) {
      const int32_t item = n07b::negative(has, draw);
      if (!grade.check(item >= 0 && item < V, ag::message("item ", item, " does not exist"))) return;
      ++counts[size_t(item)];
    }
    for (const int32_t item : has) {
      if (!grade.check(counts[size_t(item)] == 0,
                       ag::message("item ", item, " was drawn, but the user has taken it")))
        return;
    }
    for (const int32_t item : {1, 4, 6, 7}) {
      const double share = counts[size_t(item)] / double(count);
      if (!grade.check(std::abs(share - 0.25) < 0.03,
                       ag::message("item ", item, " is ", share, " of the draws, expected 0.25, as for each",
                                   " item that the user has not taken; hint: what happens after a draw that",
                                   " hits one of the user's items?")))
        return;
    }
  });
  grade.part("AUC", [&] {
    grade.close("AUC, all pairs in the right order", n07b::auc({3, 1, 4, 2}, {true, false, true, false}),
                1.0);
    grade.close("AUC, all pairs in the wrong order", n07b::auc({1, 4}, {true, false}), 0.0);
    const double equal = n07b::auc({2, 2, 2}, {true, false, false});
    if (!grade.close("AUC, all scores equal", equal, 0.5))
      grade.check(equal != 0 && equal != 1, "a pair of equal scores counts one half");
    const double mixed = n07b::auc({5, 4, 3, 2, 1}, {false, true, false, false, true});
    if (!grade.close("AUC, taken on places 2 and 5 of 5", mixed, 1.0 / 3))
      grade.check(std::abs(mixed - 0.2) > 1e-9, "only pairs of a taken and another item count");
  });
}
