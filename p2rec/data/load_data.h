// Loads interactions by name.
//
// The name is "synthetic" (synthetic.h, with its defaults), a file, or a folder. One of RecBole's three files
// X.train.inter, X.valid.inter and X.test.inter stands for all three. A folder must hold one file, or one
// such set of three, of interactions: a file counts as interactions if its first line is a header with users
// and items, or if its first lines consist of ids only, two or more per line. An id consists of letters,
// digits, - and _, with at least one digit. Subfolders are not searched.
//
// The titles' file is config.titles. Otherwise it is a file beside the interactions X: X.item, movies for
// ratings (with the same extension), meta_X for X, reviews_X and X_5, each also with .gz. Otherwise it is the
// only file of items in the folder.
#pragma once

#include <string>

#include "p2rec/data/data_config.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// Finds the files, reads them (read_interactions.h), filters (rows.h), splits (split.h) and adds titles
// (titles.h). Throws ag::InputError if a file is wrong, or if the choice of files is not clear; then the
// error lists the folder's files.
Interactions load_data(const DataConfig& config);
Interactions load_data(const std::string& name);  // with the defaults

}  // namespace p2rec
