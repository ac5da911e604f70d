#include "09_sasrec_and_bert4rec/b_masked_items.h"

#include "autograd/check.h"

namespace n09b = exercise::n09b;

namespace {

using Items = n09b::Items;

std::vector<int64_t> numbers(const Items& items) { return {items.begin(), items.end()}; }

}  // namespace

EXERCISE("09b", 4, "What BERT4Rec reads and what it predicts") {
  using ag::Tensor;
  const int32_t mask = 10;
  const Items window{5, 2, 8, 1, 7};
  grade.part("masked places and their targets", [&] {
    const n09b::Masked got = n09b::masked(window, mask, 0.2, {0.9, 0.1, 0.2, 0.7, 0.19}, 0.5);
    grade.equal("the input", numbers(got.input), {5, mask, 8, 1, mask});
    if (!grade.equal("the rows", numbers(got.rows), {1, 4}))
      grade.check(got.rows != Items{1, 2, 4}, "a draw of 0.2 does not hide an item at the ratio 0.2");
    if (grade.equal("the targets", numbers(got.targets), {2, 7})) return;
    grade.check(got.targets.empty() || got.targets[0] != mask,
                "the target is the mask: keep the item before it is replaced");
    grade.check(got.targets.size() != window.size(), "places that are not masked have targets too");
    grade.check(got.targets != Items{8, 0} && got.targets != Items{8},
                "the target is the next item; expected the item that was hidden at this place");
  });
  grade.part("a window in which no draw hides an item", [&] {
    for (const auto& [spare, row] : {std::pair{0.0, 0}, {0.5, 2}, {0.99, 4}}) {
      const n09b::Masked got = n09b::masked(window, mask, 0.2, {0.9, 0.8, 0.7, 0.6, 0.5}, spare);
      if (!grade.equal(ag::message("the rows with spare = ", spare), numbers(got.rows), {row})) {
        grade.check(!got.rows.empty(), "nothing is hidden, so nothing is learned from this window");
        return;
      }
      grade.equal("the target", numbers(got.targets), {window[size_t(row)]});
      grade.check(got.input[size_t(row)] == mask, "the item is a target, but the input still shows it");
    }
  });
  grade.part("the input of evaluation", [&] {
    const Items got = n09b::evaluation_input(window, 4, mask);
    if (!grade.equal("the input of a long history", numbers(got), {8, 1, 7, mask})) {
      grade.check(got != Items{2, 8, 1, 7, mask}, "T + 1 places: the mask takes one of the T");
      grade.check(got != Items{2, 8, 1, 7}, "no mask: the last item would be predicted from itself");
      grade.check(
          got != Items{2, 8, 1, mask},
          "the mask replaces the last item; expected a new place after it: the target is the next item");
    }
    grade.equal("the input of a short history", numbers(n09b::evaluation_input({3}, 4, mask)), {3, mask});
  });
  grade.part("the loss of the masked places", [&] {
    const n09b::Masked masked{.input = {5, mask, 8, 1, mask}, .rows = {1, 4}, .targets = {2, 7}};
    const Tensor h = exercise::normal("h", {5, 3}), table = exercise::normal("table", {10, 3});
    const auto over = [&](const Tensor& states, const std::vector<int32_t>& targets) {
      return ag::linear_cross_entropy(states, table, Tensor::from_ints(targets));
    };
    const Tensor got = n09b::loss(h, table, masked);
    if (!grade.close("the loss", got, over(h, {-1, 2, -1, -1, 7}))) {
      grade.check(!exercise::is_close(got, over(h, window)),
                  "all places count: the others show their item, and to copy it would lower the loss");
      grade.check(!exercise::is_close(got, over(h.rows(0, 2), {2, 7})),
                  "the states are the first rows of h; expected the rows of the masked places");
    }
    grade.gradient(
        "dh", [&] { return n09b::loss(h, table, masked); }, h);
  });
}
