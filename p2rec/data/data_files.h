// Which files are the data.
#pragma once

#include <optional>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/data/data_config.h"

namespace p2rec {

struct DataFiles {
  std::vector<nn::Path>
      interactions;  // one, or RecBole's X.train.inter, X.valid.inter and X.test.inter in this order
  std::optional<nn::Path> titles;
};

// The files that config.name means: a file, the other two where it is one of RecBole's three, or the only interactions in a folder.
// In a folder a file counts as interactions if its first line is a header with users and items, or its first lines hold nothing
// but ids: words of letters, digits, - and _ with at least one digit, two or more on each line. Subfolders are not entered.
//
// Titles are config.titles; else beside a file X of interactions X.item, movies for ratings (of the same ending), meta_X for X,
// reviews_X and X_5; each also with .gz; else in a folder the only file of items. Throws ag::InputError if there is not exactly one
// file, or set of three, of interactions, or no way to tell which of several are the titles, listing what was found.
DataFiles find_data_files(const DataConfig& config);

}  // namespace p2rec
