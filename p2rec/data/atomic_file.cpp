#include "p2rec/data/atomic_file.h"

#include <algorithm>
#include <array>

#include "autograd/check.h"

namespace p2rec {
namespace {

constexpr std::array<std::string_view, 4> kColumnTypes = {"token", "token_seq", "float", "float_seq"};

}  // namespace

bool is_atomic_header(std::string_view line) {
  std::vector<std::string_view> fields;
  split_at_tabs(line, fields);
  return std::any_of(fields.begin(), fields.end(), [](std::string_view field) {
    const size_t colon = field.rfind(':');
    return colon != field.npos &&
           std::count(kColumnTypes.begin(), kColumnTypes.end(), field.substr(colon + 1)) > 0;
  });
}

AtomicTable::AtomicTable(const TextFile& file) : file_(file) {
  const Line& header = file.lines().front();
  std::vector<std::string_view> fields;
  split_at_tabs(header.text, fields);
  for (std::string_view field : fields) {
    const size_t colon = field.rfind(':');
    const std::string_view name = field.substr(0, colon);
    const std::string_view type = colon == field.npos ? "" : field.substr(colon + 1);
    INPUT_CHECK(std::count(kColumnTypes.begin(), kColumnTypes.end(), type) > 0, file.at(header.number),
                "the column '", field,
                "' of the header has no known type; expected name:type with one of token, token_seq, float, "
                "float_seq");
    INPUT_CHECK(find(name) < 0, file.at(header.number), "the column '", name, "' is there twice");
    columns_.push_back({name, type});
  }
}

int AtomicTable::find(std::string_view name) const {
  const auto column =
      std::find_if(columns_.begin(), columns_.end(), [&](const auto& c) { return c.name == name; });
  return column == columns_.end() ? -1 : static_cast<int>(column - columns_.begin());
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
