#include "13_lora/b_two_adapters.h"

#include <cmath>

namespace n13b = exercise::n13b;
using ag::Tensor;
using exercise::is_close, exercise::normal;

namespace {

Tensor update(const n13b::Adapter& a) { return ag::scale(ag::matmul(a.B, a.A), a.scaling); }

}  // namespace

EXERCISE("13b", 3, "Two adapters as one") {
  const n13b::Adapter first{normal("A1", {2, 5}), normal("B1", {4, 2}), 2},
      second{normal("A2", {3, 5}), normal("B2", {4, 3}), 0.5};
  const Tensor W = normal("W", {4, 5});
  grade.part("together: the same update", [&] {
    const n13b::Adapter both = n13b::together(first, second);
    const Tensor right = ag::add(update(first), update(second));
    if (!grade.close("s B A", update(both), right)) {
      const auto scaled = [&](double power) {  // s^power B A of both
        return ag::add(ag::scale(ag::matmul(first.B, first.A), std::pow(first.scaling, power)),
                       ag::scale(ag::matmul(second.B, second.A), std::pow(second.scaling, power)));
      };
      grade.check(!is_close(update(both), scaled(0)), "the scalings of the two are missing");
      grade.check(!is_close(update(both), scaled(2)), "the scalings are in A and in B; once is enough");
      const Tensor crossed =
          ag::matmul(ag::concat({ag::scale(first.B, first.scaling), ag::scale(second.B, second.scaling)}, 1),
                     ag::concat({second.A, first.A}, 0));
      grade.check(!is_close(update(both), crossed), "the A's and the B's are joined in different orders");
    }
    grade.check(both.A.dim(0) == 5 && both.scaling == 1,
                ag::message("the rank is ", both.A.dim(0), " and the scaling ", both.scaling,
                            "; expected 2 + 3 and 1"));
  });
  grade.part("merge", [&] {
    const Tensor merged = W.clone();
    n13b::merge(merged, first);
    if (!grade.close("W", merged, ag::add(W, update(first))))
      grade.check(!is_close(merged, ag::add(W, ag::matmul(first.B, first.A))), "the factor s is missing");
    grade.check(!is_close(merged, W), "W is as before: change its numbers, W.data()[i]");
  });
  grade.part("unmerge gives W back", [&] {
    const Tensor there = W.clone();
    n13b::merge(there, second);
    if (!grade.check(!is_close(there, W), "merge has not changed W, so there is nothing to take out")) return;
    const Tensor merged = there.clone();
    n13b::unmerge(there, second);
    if (grade.close("W", there, W)) return;
    grade.check(!is_close(there, merged), "unmerge has changed nothing");
    grade.check(!is_close(ag::sub(there, merged), ag::sub(merged, W)), "the adapter is added a second time");
    grade.check(!is_close(ag::sub(merged, there), ag::matmul(second.B, second.A)), "the factor s is missing");
  });
}
