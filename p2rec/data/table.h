// Reads files of rows and columns:
//
//   RecBole atomic  tab-separated name:type in the first line (recbole.io/docs, "Atomic Files"). The type is
//                   token, token_seq (blank-separated words), float or float_seq
//   CSV, TSV        names in the first line, at least one of users or items (columns.h), separated by commas
//                   (then fields may be quoted, RFC 4180), tabs, ::, | or blanks
//   JSON lines      one object per line. The columns are the keys of the first thousand objects. Missing
//                   keys, null, lists and objects are empty fields
//   without header  the columns are called 1, 2, 3, ...
//
// Line breaks within a field, and control characters in JSON, become blanks.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "p2rec/data/columns.h"
#include "p2rec/data/text_file.h"

namespace p2rec {

struct Layout {
  enum class Kind : uint8_t { Atomic, Header, JsonLines, NoHeader } kind = Kind::NoHeader;
  std::string separator;  // of fields; " ": runs of blanks and tabs
  std::string name;       // in words: "CSV with a header"
};

// The layout, if the first line is a header or a JSON object. `config` may name columns.
std::optional<Layout> layout_by_header(std::string_view first_line, const DataConfig& config);
// The layout of a file without a header, by the separator in its first line.
Layout layout_without_header(std::string_view first_line);

// The columns that the first line names.
std::vector<Column> columns_in(std::string_view first_line, const Layout& layout, const std::string& place);

class Table {
 public:
  // `file` must outlive the table. Throws ag::InputError for a malformed header.
  Table(const TextFile& file, Layout layout);

  const Layout& layout() const { return layout_; }
  const std::vector<Column>& columns() const { return columns_; }
  // Throws ag::InputError naming the place in the file.
  int find(Role role, const DataConfig& config) const { return find_column(columns_, role, config, place()); }
  size_t require(Role role, const DataConfig& config) const;

  struct Row {
    int64_t line;                              // where it begins
    std::span<const std::string_view> fields;  // one per column; valid during the call
    std::string_view operator[](size_t column) const { return fields[column]; }
  };
  // Calls `use` for each row. Throws ag::InputError for a row with another number of fields, an open quote,
  // or a line that is not a JSON object.
  void each_row(const std::function<void(const Row&)>& use) const;
  // The id of a user or an item. Throws ag::InputError if it is empty or has a tab.
  std::string_view id(const Row& row, size_t column) const;
  std::string at(const Row& row) const { return file_.at(row.line); }

 private:
  void each_object(const std::function<void(const Row&)>& use) const;
  std::string place() const { return file_.at(file_.lines().front().number); }

  const TextFile& file_;
  Layout layout_;
  std::vector<Column> columns_;
};

}  // namespace p2rec
