#include "p2rec/data/rows.h"

#include <algorithm>
#include <limits>

#include "autograd/check.h"
#include "p2rec/data/split.h"

namespace p2rec {
namespace {

// --- the order of ids --------------------------------------------------------------------------------------

bool is_number(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Compares integers of any length; where two are equal (7 and 007) their bytes decide.
bool less_as_numbers(std::string_view a, std::string_view b) {
  const auto digits = [](std::string_view id) {
    return id.substr(std::min(id.find_first_not_of('0'), id.size()));
  };
  const std::string_view x = digits(a), y = digits(b);
  if (x.size() != y.size()) return x.size() < y.size();
  return x != y ? x < y : a < b;
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
    numeric = numeric && is_number(table.id(order.number_of.back()));
  }
  std::ranges::sort(order.number_of, [&](int32_t a, int32_t b) {
    const std::string_view x = table.id(a), y = table.id(b);
    return numeric ? less_as_numbers(x, y) : x < y;
  });
  for (size_t index = 0; index < order.number_of.size(); ++index)
    order.index_of[static_cast<size_t>(order.number_of[index])] = static_cast<int32_t>(index);
  return order;
}

template <class T>
void keep_of(std::vector<T>& column, const std::vector<bool>& kept) {
  if (column.empty()) return;
  size_t count = 0;
  for (size_t row = 0; row < kept.size(); ++row) {
    if (kept[row]) column[count++] = column[row];
  }
  column.resize(count);
}

// The values of a column for some rows; nothing where the data have no such column.
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
