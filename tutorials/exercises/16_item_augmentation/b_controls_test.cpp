#include "16_item_augmentation/b_controls.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "autograd/rng.h"

using namespace exercise::n16b;

namespace {

const Groups kGroups{0, 1, 0, 2, 1, 0, 0, 2, 1, 0, 1, 1, 0, 1};

Order random_order() {
  return [call = uint32_t{0}](int32_t n) mutable {
    return ag::random_permutation({3, call++, ag::stream("exercise 16b")}, n);
  };
}

std::vector<int32_t> sorted(std::vector<int32_t> x) {
  std::ranges::sort(x);
  return x;
}
std::vector<int32_t> in_order(size_t n) {
  std::vector<int32_t> x(n);
  std::iota(x.begin(), x.end(), 0);
  return x;
}

}  // namespace

EXERCISE("16b", 3, "Controls that lose one thing") {
  grade.part("shuffled", [&] {
    const std::vector<int32_t> source = shuffled(14, random_order());
    grade.check(sorted(source) == in_order(14), "each of the 14 rows should be used once");
    grade.check(source != in_order(14), "nothing has moved");
  });
  grade.part("within groups", [&] {
    const std::vector<int32_t> source = shuffled_within(kGroups, random_order());
    if (!grade.check(sorted(source) == in_order(kGroups.size()), "each row should be used once")) return;
    bool same_groups = true;
    for (size_t i = 0; i < source.size(); ++i)
      same_groups = same_groups && kGroups[static_cast<size_t>(source[i])] == kGroups[i];
    grade.check(same_groups, "an item got the row of an item of another group");
    grade.check(source != in_order(kGroups.size()), "nothing has moved");
  });
  grade.part("group means", [&] {
    const ag::Tensor x = ag::Tensor::from({4, 2}, {1, 0, 5, 6, 3, 4, 7, 7});
    const ag::Tensor got = group_means(x, {0, 1, 0, 1}),
                     expected = ag::Tensor::from({4, 2}, {2, 2, 6, 6.5, 2, 2, 6, 6.5});
    if (!grade.close("the means", got, expected))
      grade.check(!exercise::is_close(got, ag::Tensor::from({4, 2}, {4, 4, 12, 13, 4, 4, 12, 13})),
                  "these are sums: divide by the number of items in the group");
  });
  grade.part("which control tells what", [&] {
    const Answers got = answers();
    grade.check(got.only_statistics == "shuffled", "which one keeps all numbers and no meaning?");
    grade.check(got.own_meaning == "within groups", "which one keeps every group as it is?");
    grade.check(got.must_be_scaled == "group means", "which one has other numbers than the table?");
  });
}
