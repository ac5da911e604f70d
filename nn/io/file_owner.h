// The rank that owns the files: rank 0 of all (autograd/communicator.h).
//
// Only it writes, removes and locks; on other ranks the functions of this file and of files.h that do so do
// nothing. All ranks read the same files, so machines need a folder in common.
#pragma once

#include "nn/io/files.h"

namespace nn {

bool owns_files();

// Removes a file, if it exists.
void remove_file(const Path& path);

}  // namespace nn
