#include "16_item_augmentation/b_controls.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "autograd/ops.h"
#include "autograd/rng.h"

using namespace exercise::n16b;

namespace {

const Groups kGroups{0, 1, 0, 2, 1, 0, 0, 2, 1, 0, 1, 1, 0, 1};

Order random_order() {
  return [call = uint32_t{0}](int32_t n) mutable {
    return ag::random_permutation({3, call++, ag::stream("exercise 16b")}, n);
  };
}

// Says which row is not used once; empty: each is.
std::string not_once(const std::vector<int32_t>& source, int32_t V) {
  for (int32_t row = 0; row < V; ++row) {
    const auto times = std::ranges::count(source, row);
    if (times != 1)
      return ag::message("row ", row, " is used ", times, " times; each row should be used once");
  }
  return std::ssize(source) == V ? "" : ag::message("found ", source.size(), " rows, expected ", V);
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
    grade.check(not_once(source, 14).empty(), not_once(source, 14));
    grade.check(source != in_order(14), "nothing has moved");
  });
  grade.part("within groups", [&] {
    const std::vector<int32_t> source = shuffled_within(kGroups, random_order());
    if (!grade.check(not_once(source, 14).empty(), not_once(source, 14))) {
      grade.check(std::ranges::max(source) > 5,
                  "all rows are from the first ones: permuted[j] is a place in a group; items[permuted[j]] "
                  "is the item");
      return;
    }
    bool same_groups = true;
    for (size_t i = 0; i < source.size(); ++i)
      same_groups = same_groups && kGroups[static_cast<size_t>(source[i])] == kGroups[i];
    grade.check(same_groups, "an item got the row of an item of another group");
    grade.check(source != in_order(kGroups.size()), "nothing has moved");
  });
  grade.part("group means", [&] {
    const ag::Tensor x = ag::Tensor::from({5, 2}, {1, 0, 5, 6, 3, 4, 7, 7, 2, 2});
    const ag::Tensor got = group_means(x, {0, 1, 0, 1, 0}),
                     expected = ag::Tensor::from({5, 2}, {2, 2, 6, 6.5, 2, 2, 6, 6.5, 2, 2}),
                     sums = ag::Tensor::from({5, 2}, {6, 6, 12, 13, 6, 6, 12, 13, 6, 6});
    if (!grade.close("the table of means", got, expected))
      grade.check(!exercise::is_close(got, sums) && !exercise::is_close(got, ag::scale(sums, 0.5)) &&
                      !exercise::is_close(got, ag::scale(sums, 0.2)),
                  "divide each sum by the number of items in its group");
  });
  grade.part("which control tells what", [&] {
    const Answers got = answers();
    grade.check(got.only_statistics == "shuffled", "which one keeps all numbers and no meaning?");
    grade.check(got.own_meaning == "within groups", "which one keeps every group as it is?");
    grade.check(got.must_be_scaled == "group means", "which one has other numbers than the table?");
  });
}
