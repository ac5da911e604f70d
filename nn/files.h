// Files, read whole and written whole: a reader never sees half of a new file, and a failed write leaves what
// was there before as it was.
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace nn {

using Path = std::filesystem::path;

// The content of a file that the user named. Throws ag::InputError if it cannot be read; `what` says in the
// message what the file is for: "config file".
std::string read_file(const Path& path, const std::string& what);

// Writes through `write` to a temporary name in the same folder, syncs it and renames it to `path`.
// Throws ag::Error naming the file and the system's reason; the temporary file is then removed.
void write_atomically(const Path& path, const std::function<void(std::ostream&)>& write);
void write_atomically(const Path& path, std::string_view content);

// Creates the folder and those above it. Throws ag::InputError naming what is in the way.
void make_folder(const Path& path);

}  // namespace nn
