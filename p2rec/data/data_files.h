// Which files of a folder are the data.
#pragma once

#include <optional>

#include "nn/io/files.h"

namespace p2rec {

struct DataFiles {
  nn::Path interactions;
  std::optional<nn::Path> items;  // an atomic file with titles
};

// The interactions file that `path` is, or that lies in the folder `path`, and the .item file beside it; the
// rules are in read_interactions.h. Throws ag::InputError if there is not exactly one, listing what was found.
DataFiles find_data_files(const nn::Path& path);

}  // namespace p2rec
