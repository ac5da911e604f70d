#include "18_p2rec/b_a_control.h"

#include <cmath>

#include "autograd/check.h"
#include "p2rec/evaluation/known_truth.h"

namespace n18b = exercise::n18b;

namespace {

using ag::real, ag::Tensor;

constexpr int64_t kItems = 80, kGroups = 8, kColumns = 8;

std::vector<int32_t> hidden_groups() {
  std::vector<int32_t> groups;
  for (int32_t i = 0; i < kItems; ++i) groups.push_back(i % kGroups);
  return groups;
}

// Vectors that know the hidden group of their item; the columns have different means.
Tensor vectors() {
  const Tensor x = exercise::normal("vectors", {kItems, kColumns});
  for (int64_t e = 0; e < x.numel(); ++e) {
    const bool own = e % kColumns == e / kColumns % kGroups;
    x.data()[e] = 0.3 * x.data()[e] + (own ? 3 : 0) + 0.1 * real(e % kColumns);
  }
  return x;
}

// How often a row of x is among the rows of y, for each row.
std::vector<int64_t> counts_of_rows(const Tensor& x, const Tensor& y) {
  std::vector<int64_t> counts(size_t(x.dim(0)));
  for (int64_t i = 0; i < x.dim(0); ++i) {
    for (int64_t j = 0; j < y.dim(0); ++j)
      counts[size_t(i)] += exercise::is_close(y.rows(j, j + 1), x.rows(i, i + 1));
  }
  return counts;
}

}  // namespace

EXERCISE("18b", 3, "A control: is the gain one of content?") {
  const Tensor x = vectors();
  const std::vector<int32_t> groups = hidden_groups();
  const auto content = [&](const Tensor& y) { return p2rec::neighbours_of_group(y, groups); };
  const auto scale = [](const Tensor& y) {
    double squares = 0;
    for (const real number : y.values()) squares += number * number;
    return std::sqrt(squares / double(y.numel()));
  };
  grade.part("the rows in a random order", [&] {
    const Tensor y = n18b::shuffled(x, 1);
    if (!grade.check(y.shape() == x.shape(), "it has another shape")) return;
    const std::vector<int64_t> counts = counts_of_rows(x, y);
    const auto missing = std::ranges::count(counts, 0);
    if (!grade.check(missing == 0, ag::message(missing, " of ", kItems, " rows are missing"))) {
      grade.check(missing < kItems, "no row is whole: the numbers of a row stay together");
      grade.check(missing == kItems || *std::ranges::max_element(counts) < 2,
                  "other rows occur twice: drawn with replacement; expected an order of all rows");
    }
    grade.check(!exercise::is_close(y, x), "the order has not changed");
    grade.check(exercise::is_close(n18b::shuffled(x, 1), y), "another order with the same seed");
    grade.check(!exercise::is_close(n18b::shuffled(x, 2), y), "the same order with another seed");
    const double stays = content(y);
    grade.check(stays < 0.3, ag::message("the neighbours still know the hidden group: ", stays, " are of it,",
                                         " by chance 0.11"));
  });
  grade.part("a gain of content", [&] {
    const double gain = n18b::gain_of_content(content, x, {1, 2, 3, 4}), all = content(x);
    if (!grade.check(gain > 0.7 && gain < all,
                     ag::message("the gain is ", gain, "; the score is ", all, " and by chance 0.11")))
      grade.check(std::abs(gain - all) > 1e-9, "the control's score is not subtracted");
    std::vector<Tensor> controls;  // the different ones that are scored
    n18b::gain_of_content(
        [&](const Tensor& y) {
          const auto is_y = [&](const Tensor& z) { return exercise::is_close(z, y); };
          if (!is_y(x) && std::ranges::none_of(controls, is_y)) controls.push_back(y.clone());
          return 0.0;
        },
        x, {1, 2, 3, 4});
    grade.check(controls.size() == 4, ag::message("different controls that were scored: ", controls.size(),
                                                  "; expected one", " for each of the four seeds"));
  });
  grade.part("a gain of scale", [&] {
    const double gain = n18b::gain_of_content(scale, x, {1, 2, 3});
    grade.check(std::abs(gain) < 1e-9,
                ag::message("the score depends only on the scale, but the gain of content is ", gain,
                            ", expected 0: has the control the same rows?"));
  });
}
