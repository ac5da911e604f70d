#include "16_item_augmentation/c_fooled.h"

#include <algorithm>

#include "tutorials/exercises/16_item_augmentation/fooled_trainer.h"

using ag::Tensor;
using namespace exercise::n16c;

namespace {

// Rows in another order.
Tensor turned(const Tensor& x) {
  return ag::concat({ag::slice(x, 0, 17, x.dim(0)), ag::slice(x, 0, 0, 17)}, 0);
}

}  // namespace

EXERCISE("16c", 4, "Make a control that could have fooled us") {
  const double random = head_start(random_table());
  grade.part("a start that knows nothing and wins", [&] {
    const Tensor table = nothing_known(kItems, kColumns);
    if (!grade.equal("the table's shape", table.shape(), {kItems, kColumns})) return;
    const double left = head_start(table);
    if (!grade.check(std::isfinite(left), "so large a table makes the training diverge")) return;
    grade.check(left < random / 2, ag::message("it leaves ", left, " of the error and random ", random,
                                               "; it should leave less than half as much"));
  });
  grade.part("a fair start", [&] {
    const Tensor some = ag::add(ag::scale(exercise::normal("some", {kItems, kColumns}), 3),
                                Tensor::full({kItems, kColumns}, 2));
    const Tensor got = fair(some);
    const double mean = ag::mean(got).item(),
                 std = std::sqrt(ag::mean(ag::mul(got, got)).item() - mean * mean);
    grade.close("the standard deviation", std, 0.02, 1e-6);
    if (!grade.close("the mean", mean, 0, 1e-9))
      grade.check(false, "subtract the mean of all numbers, then divide by the root of the mean square");
    const double left = head_start(fair(ag::scale(exercise::normal("nothing", {kItems, kColumns}), 0.5)));
    grade.check(std::abs(left - random) < 0.15 * random,
                "scaled, a table that knows nothing should do as random does");
  });
  grade.part("the verdict", [&] {
    grade.check(verdict(0.9, 0.5, 0.9),
                "random leaves 0.9, ours 0.5, shuffled 0.9: ours has shown that it knows something");
    grade.check(!verdict(0.9, 0.5, 0.5),
                "random leaves 0.9, ours 0.5, but shuffled 0.5 too: the gain is not from meaning");
    grade.check(!verdict(0.9, 0.88, 0.9), "0.88 of 0.9 is within the margin of 10 %");
    const Tensor ours = ag::add(truth(), ag::scale(exercise::normal("noise", {kItems, kColumns}), 0.5));
    const double left = head_start(fair(ours)), control = head_start(fair(turned(ours)));
    grade.check(verdict(random, left, control), ag::message("a noisy copy of the truth leaves ", left,
                                                            ", shuffled ", control, ", random ", random));
  });
}
