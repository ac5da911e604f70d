// Interactions from files. What a file is, its content says, not its name:
//
//   table         a file with a header, or JSON lines (table.h), with a column of users and one of items (columns.h). Times, ratings
//                 and labels are read where there are such columns. So MovieLens' ratings.csv, Amazon's reviews and RecBole's
//                 atomic files are read
//   lists         a table with a list of items in each row (columns.h: item_id_list), the column of items being what comes after
//                 it. A user's rows are joined: the list of each must end where the earlier ones have come to, or go on from there
//   ratings.dat   user::item::rating::time
//   u.data        user item rating time, at least one user on two lines, ratings 0 to 5 in steps of 1/2, times from 100,000,000 on
//   other tables  without a header: DataConfig names columns by number
//   pairs         user item: every line has exactly two columns
//   user lines    user item item ...: some line has another number of columns
//
// Columns of u.data, pairs and user lines are separated by blanks or tabs. Pairs and user lines cannot be confused: where every
// line has two columns, either no user is on two lines, and both readings say that each user has one interaction, or one is, and
// only pairs can be meant. In a file of user lines a user on two lines is an error. What could be a table and user lines is
// refused, and both meanings are named: three or four columns on every line, no user twice, the last one always a time. So are
// items with commas in files without a header, and comma-separated columns without names.
//
// With times a user's interactions are sorted by them: integers exactly, and equal times stay in the file's order; without,
// the file's order is the order in time.
#pragma once

#include <vector>

#include "nn/io/files.h"
#include "p2rec/data/rows.h"

namespace p2rec {

// Throws ag::InputError naming file and line: no text, wrong columns, more than one meaning, ...
Rows read_rows(const nn::Path& file, const DataConfig& config);
// RecBole's files for training, validation and test: their rows, held out as the files say. An item that only a list has is held
// as the one before it is; a user's first ones count as training.
Rows read_given_split(const std::vector<nn::Path>& files, const DataConfig& config);

}  // namespace p2rec
