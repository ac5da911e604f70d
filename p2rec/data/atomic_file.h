// RecBole's atomic files (recbole.io/docs, "Atomic Files"): columns separated by tabs, under a header that names each as
// name:type, type being token, token_seq (blank-separated words), float or float_seq.
#pragma once

#include <string_view>
#include <vector>

#include "p2rec/data/text_file.h"

namespace p2rec {

bool is_atomic_header(std::string_view line);

struct AtomicColumn {
  std::string_view name, type;
  bool is_text() const { return type == "token" || type == "token_seq"; }
};

class AtomicTable {
 public:
  // `file` outlives the table and begins with an atomic header. Throws ag::InputError for a malformed header.
  explicit AtomicTable(const TextFile& file);

  const std::vector<AtomicColumn>& columns() const { return columns_; }
  int find(std::string_view name) const;        // the column's index, or -1
  size_t require(std::string_view name) const;  // throws ag::InputError listing the columns found
  // The fields of a row. Throws ag::InputError if there are not as many as columns.
  void split(const Line& row, std::vector<std::string_view>& fields) const;
  // A field that names a user or an item. Throws ag::InputError if it is empty.
  std::string_view id(const Line& row, const std::vector<std::string_view>& fields, size_t column) const;
  size_t rows() const { return file_.lines().size() - 1; }
  const Line& row(size_t i) const { return file_.lines()[i + 1]; }

 private:
  const TextFile& file_;
  std::vector<AtomicColumn> columns_;
};

}  // namespace p2rec
