#include "p2rec/data/filters.h"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/check.h"

namespace p2rec {
namespace {

std::vector<int64_t> counts_of(const std::vector<int32_t>& numbers, size_t size) {
  std::vector<int64_t> counts(size, 0);
  for (const int32_t number : numbers) ++counts[static_cast<size_t>(number)];
  return counts;
}

int64_t occurring(const std::vector<int32_t>& numbers, size_t size) {
  return std::ranges::count_if(counts_of(numbers, size), [](int64_t count) { return count > 0; });
}

struct Counts {
  int64_t interactions, users, items;
  explicit Counts(const Rows& rows)
      : interactions(std::ssize(rows.user)),
        users(occurring(rows.user, rows.users.size())),
        items(occurring(rows.item, rows.items.size())) {}
};

// Applies one filter and says what it did.
template <class Filter>
void apply(Rows& rows, const std::string& name, const Filter& filter) {
  const Counts before(rows);
  filter();
  const Counts after(rows);
  rows.facts.emplace_back("filter", fmt::format("{}: interactions {} -> {}, users {} -> {}, items {} -> {}",
                                                name, before.interactions, after.interactions, before.users,
                                                after.users, before.items, after.items));
  INPUT_CHECK(after.interactions > 0, name, " leaves nothing of ", before.interactions,
              " interactions; expected some to stay");
}

void keep_at_least(Rows& rows, const std::string& name, const std::vector<float>& values, double least) {
  if (least == -INFINITY) return;
  INPUT_CHECK(!values.empty(), "min-", name, ": found ", least, ", but the data have no column of ", name,
              "s; hint: ", name, "-column names it");
  std::vector<bool> kept;
  for (const float value : values) kept.push_back(value >= static_cast<float>(least));
  apply(rows, fmt::format("min-{} {}", name, least), [&] { rows.keep(kept); });
}

// Taking a user away may leave an item with too few, and so on.
void keep_core(Rows& rows, int64_t least) {
  for (size_t before = rows.size() + 1; rows.size() < before;) {
    before = rows.size();
    const auto users = counts_of(rows.user, rows.users.size()),
               items = counts_of(rows.item, rows.items.size());
    std::vector<bool> kept;
    for (size_t row = 0; row < rows.size(); ++row)
      kept.push_back(users[static_cast<size_t>(rows.user[row])] >= least &&
                     items[static_cast<size_t>(rows.item[row])] >= least);
    rows.keep(kept);
  }
}

void check_labels(const Rows& rows, const DataConfig& config) {
  const auto is = [&](float value) { return std::ranges::count(rows.label, value); };
  const int64_t zeros = is(0);
  INPUT_CHECK(
      config.min_label > -INFINITY || zeros == 0 || zeros + is(1) < std::ssize(rows.label), "the label of ",
      zeros,
      " interactions is 0, of all others 1: a 0 may say that an item was shown and not taken; expected "
      "to be told; hint: min-label 1 leaves those with 0 out, min-label 0 keeps all");
}

}  // namespace

void filter_rows(Rows& rows, const DataConfig& config) {
  check_labels(rows, config);
  keep_at_least(rows, "rating", rows.rating, config.min_rating);
  keep_at_least(rows, "label", rows.label, config.min_label);
  if (config.k_core > 1)
    apply(rows, fmt::format("k-core {}", config.k_core), [&] { keep_core(rows, config.k_core); });
}

}  // namespace p2rec
