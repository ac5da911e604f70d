// Reads interactions from files. The content decides about the format, not the file's name:
//
//   table         a header or JSON lines (table.h), with columns of users and items (columns.h). Times,
//                 ratings and labels are read if there are such columns. Examples: MovieLens' ratings.csv,
//                 Amazon's reviews, RecBole's files
//   lists         a table with a list of items in each row (columns.h: item_id_list); the column of items is
//                 the item after the list. The rows of a user are joined: each list must end with, or
//                 continue, the items of earlier rows
//   u.data        user item rating time, at least one user on two lines, ratings 0 to 5 in steps of 1/2,
//                 times from 100,000,000
//   other tables  without a header: DataConfig names columns by number
//   pairs         user item: every line has exactly two columns
//   user lines    user item item ...: some line has another number of columns
// Columns of u.data, pairs and user lines are separated by blanks or tabs. If every line has two columns,
// both readings agree unless a user is on two lines, and then only pairs are possible. In user lines a user
// on two lines is an error. A file that could be a table or user lines (three or four columns on every line,
// no user twice, the last column always a time) is refused with an error that names both readings. So are
// items with commas, and comma-separated columns without names.
//
// A user's interactions are sorted by time: integers exactly, and equal times keep the file's order. Without
// times the file's order is kept.
#pragma once

#include <vector>

#include "nn/io/files.h"
#include "p2rec/data/rows.h"

namespace p2rec {

// The rows of one file, or of RecBole's three with `held` set by file. An item that only a list has is held
// as the one before it; a user's first ones count as training. Throws ag::InputError naming file and line.
Rows read_rows(const std::vector<nn::Path>& files, const DataConfig& config);

}  // namespace p2rec
