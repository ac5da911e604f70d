// Interactions from files, and their items to one.
#pragma once

#include <optional>
#include <string>

#include "nn/io/files.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// Reads a file, or the one interactions file of a folder, in one of three formats, recognised by content:
//
//   RecBole atomic file   the first line is a header of tab-separated name:type, with the columns user_id and
//                         item_id in any place. With a column timestamp each user's rows are sorted by it:
//                         integers exactly, equal times in the file's order. Without one the file's order is
//                         the order in time. A column rating is kept
//   one pair per line     user item; every line has exactly two columns
//   one line per user     user item item ...; some line has another number of columns
//
// The last two cannot be confused: where every line has two columns, either no user is on two lines, and both
// readings give each user one interaction, or one is, and it must be pairs. In a file of one line per user a
// user on two lines is an error. Columns are separated by blanks or tabs there.
//
// Titles come from the atomic file of the same name that ends in .item, or in a folder from its only .item
// file: from the text column that has "title" in its name, else "name", else the first of type token_seq. In
// a folder, a file without an atomic header counts as interactions if its first lines hold only ids: words of
// letters, digits, - and _ with at least one digit, two or more on each line. Subfolders are not entered.
//
// Throws ag::InputError naming file and line: no or several files found, no text, wrong columns, ...
Interactions read_interactions(const nn::Path& path);

// The file `path`, or the one of interactions in the folder `path`; and the .item file beside it. Throws
// ag::InputError listing what was found if there is not exactly one.
struct DataFiles {
  nn::Path interactions;
  std::optional<nn::Path> items;
};
DataFiles find_data_files(const nn::Path& path);

// What the user names: a file or folder, or "synthetic" (synthetic.h, with its defaults).
Interactions load_data(const std::string& name);

// items.tsv: which item each row of an item table is. The columns row, item_id, title; tabs and line breaks
// in a title become blanks.
void write_items(const nn::Path& file, const Interactions& data);

}  // namespace p2rec
