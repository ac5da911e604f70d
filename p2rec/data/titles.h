// The titles of items, from a file of its own:
//
//   table       a file with a header, or JSON lines (table.h), with a column of items (columns.h): MovieLens' movies.csv, Amazon's
//               metadata, RecBole's .item files. Titles are the text column that has "title" in its name, else "name", else the
//               first of type token_seq
//   movies.dat  item::title::...   MovieLens 1M and 10M
//   u.item      item|title|...     MovieLens 100K
#pragma once

#include <string>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/data/data_config.h"

namespace p2rec {

struct Titles {
  std::vector<std::string>
      titles;  // per item of `item_ids`, "" where the file has none; empty if the file has no such column
  std::string format;  // in words, with the columns
};

// Throws ag::InputError for a file that is none of these, for one item with two titles, and where no item of the file is among
// `item_ids`. Of those that are not, nothing is kept.
Titles read_titles(const nn::Path& file, const std::vector<std::string>& item_ids, const DataConfig& config);

}  // namespace p2rec
