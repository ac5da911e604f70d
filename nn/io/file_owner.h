// Files on several ranks (autograd/communicator.h): rank 0 changes them, and all ranks read them, so machines
// need a folder in common.
//
// A change of a file begins when all ranks have come to it, and all of them wait for its end. So every rank
// finds the files as if it were the only one. All ranks must make the same changes in the same order.
#pragma once

#include <functional>

#include "nn/io/files.h"

namespace nn {

// True on rank 0.
bool owns_files();

// Calls `change` on rank 0, when all ranks have come here. Returns on all of them when it is done.
void change_files(const std::function<void()>& change);

// write_atomically for a file that only rank 0 reads: the other ranks do not wait.
void replace_file(const Path& path, const std::function<void(std::ostream&)>& write);

// Removes a file, if it exists.
void remove_file(const Path& path);

}  // namespace nn
