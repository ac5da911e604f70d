// The bytes of text files as people download them: plain, or compressed with gzip.
//
// gzip (RFC 1952) is known by its first two bytes, 1F 8B, whatever the file's name; members one after the other are read as
// one text. Other kinds of files are known by their first bytes (Parquet, zip, xz, bzip2, zstd, HDF5, Excel, ...) and refused
// by name, with the command that converts them.
#pragma once

#include <string>

#include "nn/io/files.h"

namespace p2rec {

// Throws ag::InputError for a file that cannot be read, whose gzip data are damaged or cut off, or of another kind. `what` says
// in messages what the file is for.
std::string read_text(const nn::Path& path, const std::string& what);

// The first `most` bytes of the text, or all if it is shorter. Damage after them is not noticed. Throws as
// read_text.
std::string beginning_of_text(const nn::Path& path, size_t most);

}  // namespace p2rec
