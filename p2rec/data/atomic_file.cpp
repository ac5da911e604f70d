#include "p2rec/data/atomic_file.h"

#include <algorithm>

#include "autograd/check.h"

namespace p2rec {
namespace {

bool is_known(std::string_view type) {
  return type == "token" || type == "token_seq" || type == "float" || type == "float_seq";
}

}  // namespace

std::vector<AtomicColumn> atomic_header(std::string_view line) {
  std::vector<std::string_view> fields;
  split_at_tabs(line, fields);
  std::vector<AtomicColumn> columns;
  for (const std::string_view field : fields) {
    const size_t colon = std::min(field.rfind(':'), field.size());
    columns.push_back({field.substr(0, colon), field.substr(std::min(colon + 1, field.size()))});
  }
  return std::ranges::any_of(columns, is_known, &AtomicColumn::type) ? columns : std::vector<AtomicColumn>{};
}

int find_column(const std::vector<AtomicColumn>& columns, std::string_view name) {
  const auto column = std::ranges::find(columns, name, &AtomicColumn::name);
  return column == columns.end() ? -1 : static_cast<int>(column - columns.begin());
}

AtomicTable::AtomicTable(const TextFile& file)
    : file_(file), columns_(atomic_header(file.lines().front().text)) {
  const std::string place = file.at(file.lines().front().number);
  for (const auto& [name, type] : columns_) {
    INPUT_CHECK(is_known(type), place, "the column '", name, type.empty() ? "" : ":", type,
                "' of the header has no known type; expected name:type with one of token, token_seq, float, "
                "float_seq");
    INPUT_CHECK(std::ranges::count(columns_, name, &AtomicColumn::name) == 1, place, "the column '", name,
                "' is there twice");
  }
}

size_t AtomicTable::require(std::string_view name) const {
  const int column = find(name);
  if (column >= 0) return static_cast<size_t>(column);
  std::string found;
  for (const AtomicColumn& c : columns_) found += (found.empty() ? "'" : ", '") + std::string(c.name) + "'";
  throw ag::InputError(ag::message(file_.at(file_.lines().front().number), "there is no column '", name,
                                   "'; found ", found, "; hint: columns are separated by tabs"));
}

void AtomicTable::split(const Line& row, std::vector<std::string_view>& fields) const {
  split_at_tabs(row.text, fields);
  INPUT_CHECK(fields.size() == columns_.size(), file_.at(row.number), "found ", fields.size(),
              " columns, but the header names ", columns_.size(), "; hint: columns are separated by tabs");
}

std::string_view AtomicTable::id(const Line& row, const std::vector<std::string_view>& fields,
                                 size_t column) const {
  INPUT_CHECK(!fields[column].empty(), file_.at(row.number), "the column '", columns_[column].name,
              "' is empty");
  return fields[column];
}

}  // namespace p2rec
