// RecBole's atomic files (recbole.io/docs, "Atomic Files"): columns separated by tabs, under a header that
// names each as name:type, type being token, token_seq (blank-separated words), float or float_seq.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "p2rec/data/text_file.h"

namespace p2rec {

struct AtomicColumn {
  std::string_view name, type;
  bool is_text() const { return type == "token" || type == "token_seq"; }
};

// The columns that a line names; none unless it is an atomic header: at least one type is known.
std::vector<AtomicColumn> atomic_header(std::string_view line);
// The index of the column of this name, or -1.
int find_column(const std::vector<AtomicColumn>& columns, std::string_view name);

class AtomicTable {
 public:
  // `file` outlives the table and begins with an atomic header. Throws ag::InputError for a malformed header.
  explicit AtomicTable(const TextFile& file);

  const std::vector<AtomicColumn>& columns() const { return columns_; }
  int find(std::string_view name) const { return find_column(columns_, name); }
  size_t require(std::string_view name) const;  // throws ag::InputError listing the columns found
  // The fields of a row. Throws ag::InputError if there are not as many as columns.
  void split(const Line& row, std::vector<std::string_view>& fields) const;
  // A field that names a user or an item. Throws ag::InputError if it is empty.
  std::string_view id(const Line& row, const std::vector<std::string_view>& fields, size_t column) const;
  std::span<const Line> rows() const { return std::span(file_.lines()).subspan(1); }

 private:
  const TextFile& file_;
  std::vector<AtomicColumn> columns_;
};

}  // namespace p2rec
