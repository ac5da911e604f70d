// Reads the titles of items from a file:
//
//   table       a header or JSON lines (table.h), with a column of items (columns.h): MovieLens' movies.csv,
//               Amazon's metadata, RecBole's .item files. The titles' column is the text column with "title"
//               in its name, else "name", else the first of type token_seq
//   movies.dat  item::title::...   MovieLens 1M and 10M
//   u.item      item|title|...     MovieLens 100K
//
// The other columns of a file with a header are the items' attributes, for example year and genre, except
// ids (columns.h) and, as in LLMEmb's code, "related", "imUrl" and "salesRank".
#pragma once

#include <string>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/data/data_config.h"

namespace p2rec {

struct Titles {
  // Per item of `item_ids`, "" if the file has none; empty if the file has no such column.
  std::vector<std::string> titles;
  std::vector<std::string> attribute_names;
  std::vector<std::vector<std::string>> attributes;  // per item, a value for each name; empty without names
  std::string format;                                // in words, with the columns
};

// Throws ag::InputError for another kind of file, for an item with two titles, and if no item of the file is
// in `item_ids`. Other items are ignored.
Titles read_titles(const nn::Path& file, const std::vector<std::string>& item_ids, const DataConfig& config);

}  // namespace p2rec
