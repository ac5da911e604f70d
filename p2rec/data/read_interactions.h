// Interactions from files.
#pragma once

#include "nn/io/files.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// Reads a file, or the one interactions file of a folder, in one of three formats, recognised by content:
//
//   RecBole atomic file   the first line is a header of tab-separated name:type, with the columns user_id and item_id in any
//                         place. With a column timestamp each user's rows are sorted by it: integers exactly, and equal times
//                         stay in the file's order; without one the file's order is the order in time. A column rating is kept
//   one pair per line     user item; every line has exactly two columns
//   one line per user     user item item ...; some line has another number of columns
//
// The last two cannot be confused: where every line has two columns, either no user is on two lines, and both readings say that
// each user has one interaction, or one is, and only pairs can be meant. In a file of one line per user a user on two lines is
// an error. Columns are separated by blanks or tabs there.
//
// Titles come from the atomic file of the same name that ends in .item, or in a folder from its only .item file: from the text
// column that has "title" in its name, else "name", else the first of type token_seq. In a folder, a file without an atomic
// header counts as interactions if its first lines hold nothing but ids: words of letters, digits, - and _ with at least one
// digit, two or more on each line. Subfolders are not entered.
//
// Throws ag::InputError naming file and line: nothing or more than one thing found, no text, wrong columns, ...
Interactions read_interactions(const nn::Path& path);

}  // namespace p2rec
