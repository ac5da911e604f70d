#include "p2rec/data/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "autograd/check.h"
#include "p2rec/data/split.h"
#include "p2rec/data/text_file.h"

namespace p2rec {
namespace {

// --- filters -----------------------------------------------------------------------------------------------

template <class T>
void keep_of(std::vector<T>& column, const std::vector<bool>& kept) {
  if (column.empty()) return;
  size_t count = 0;
  for (size_t row = 0; row < kept.size(); ++row) {
    if (kept[row]) column[count++] = column[row];
  }
  column.resize(count);
}

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

// Applies one filter and adds its effect to the facts.
template <class Filter>
void apply(Rows& rows, const std::string& name, const Filter& filter) {
  const Counts before(rows);
  filter();
  const Counts after(rows);
  rows.facts.emplace_back("filter", fmt::format("{}: interactions {} -> {}, users {} -> {}, items {} -> {}",
                                                name, before.interactions, after.interactions, before.users,
                                                after.users, before.items, after.items));
  INPUT_CHECK(after.interactions > 0, name, " leaves nothing of ", before.interactions,
              " interactions; expected some to stay; hint: a smaller value");
}

void keep_at_least(Rows& rows, const std::string& name, const std::vector<float>& values, double least) {
  if (least == -INFINITY) return;
  INPUT_CHECK(!values.empty(), "min-", name, ": found ", least, ", but the data have no column of ", name,
              "s; hint: --", name, "-column NAME names it");
  std::vector<bool> kept;
  for (const float value : values) kept.push_back(value >= static_cast<float>(least));
  apply(rows, fmt::format("min-{} {}", name, least), [&] { rows.keep(kept); });
}

// Repeats, because removing a user may leave an item with too few interactions.
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
      " interactions is 0, of all others 1; a 0 may mean that an item was shown and not taken; expected the "
      "option --min-label; hint: --min-label 1 leaves the interactions with 0 out, --min-label 0 keeps them");
}

// --- the order of ids --------------------------------------------------------------------------------------

// Compares integers of any length; equal ones (7 and 007) by their bytes.
bool less_as_numbers(std::string_view a, std::string_view b) {
  const auto key = [](std::string_view id) {
    const std::string_view digits = id.substr(std::min(id.find_first_not_of('0'), id.size()));
    return std::tuple(digits.size(), digits, id);
  };
  return key(a) < key(b);
}

struct IdOrder {
  std::vector<int32_t> number_of;  // index -> number in the table, in the order of ascending ids
  std::vector<int32_t> index_of;   // number in the table -> index; -1 if unused
};

IdOrder ascending(const IdTable& table, const std::vector<bool>& used) {
  IdOrder order{{}, std::vector<int32_t>(table.size(), -1)};
  bool numeric = true;
  for (size_t number = 0; number < table.size(); ++number) {
    if (!used[number]) continue;
    order.number_of.push_back(static_cast<int32_t>(number));
    numeric = numeric && is_digits(table.id(order.number_of.back()));
  }
  std::ranges::sort(order.number_of, [&](int32_t a, int32_t b) {
    const std::string_view x = table.id(a), y = table.id(b);
    return numeric ? less_as_numbers(x, y) : x < y;
  });
  for (size_t index = 0; index < order.number_of.size(); ++index)
    order.index_of[static_cast<size_t>(order.number_of[index])] = static_cast<int32_t>(index);
  return order;
}

// Adds a column's values for some rows, if the data have the column.
template <class T, class From, class Value>
void add_values(std::vector<std::vector<T>>& values, const std::vector<From>& column,
                const std::vector<size_t>& rows, const Value& value) {
  if (column.empty()) return;
  std::vector<T>& mine = values.emplace_back();
  for (const size_t row : rows) mine.push_back(value(column[row]));
}

}  // namespace

int32_t IdTable::add(std::string_view id) {
  if (const auto known = number_of_.find(id); known != number_of_.end()) return known->second;
  AG_CHECK(ids_.size() < std::numeric_limits<int32_t>::max(), "more ids than a 32-bit index can count");
  ids_.emplace_back(id);
  return number_of_[ids_.back()] = static_cast<int32_t>(ids_.size() - 1);
}

void Rows::keep(const std::vector<bool>& kept) {
  keep_of(user, kept);
  keep_of(item, kept);
  keep_of(time, kept);
  keep_of(rating, kept);
  keep_of(label, kept);
  keep_of(held, kept);
}

void filter_rows(Rows& rows, const DataConfig& config) {
  check_labels(rows, config);
  keep_at_least(rows, "rating", rows.rating, config.min_rating);
  keep_at_least(rows, "label", rows.label, config.min_label);
  if (config.k_core > 1)
    apply(rows, fmt::format("k-core {}", config.k_core), [&] { keep_core(rows, config.k_core); });
}

Interactions build_interactions(Rows rows, const DataConfig& config) {
  SplitRows split = split_rows(rows, config);
  std::vector<bool> users(rows.users.size(), false), items(rows.items.size(), false);
  for (size_t u = 0; u < split.rows.size(); ++u) {
    for (const size_t row : split.rows[u]) users[u] = items[static_cast<size_t>(rows.item[row])] = true;
  }
  const IdOrder user_order = ascending(rows.users, users), item_order = ascending(rows.items, items);
  Interactions data;
  for (const int32_t number : user_order.number_of) {
    const std::vector<size_t>& mine = split.rows[static_cast<size_t>(number)];
    add_values(data.sequences, rows.item, mine,
               [&](int32_t item) { return item_order.index_of[static_cast<size_t>(item)]; });
    add_values(data.times, rows.time, mine, [](const EventTime& time) { return time.first; });
    add_values(data.ratings, rows.rating, mine, [](float rating) { return rating; });
    if (!split.parts.empty()) data.parts.push_back(split.parts[static_cast<size_t>(number)]);
    data.user_ids.push_back(rows.users.id(number));
  }
  for (const int32_t number : item_order.number_of) data.item_ids.push_back(rows.items.id(number));
  data.format = std::move(rows.format);
  data.facts = std::move(rows.facts);
  return data;
}

}  // namespace p2rec
