// Files, read whole and written whole: a reader never sees half of a new file, and a failed write leaves what
// was there before as it was.
//
// What is promised of write_atomically:
//   the program is killed at any moment   the old file or the new one is there, whole; beside it perhaps a file
//                                         with the ending kTemporaryEnding, which nobody reads and the next write
//                                         of the same file replaces
//   the power fails at any moment         the same: the content is synced before the rename and the folder after
//                                         it, so that files also appear in the order in which they were written.
//                                         As far as the disk and the file system keep what fsync promises.
//   the disk is full, the file too large  ag::Error, and the old file is there, whole
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

// What a file is called while it is being written.
constexpr std::string_view kTemporaryEnding = ".tmp";

// Writes through `write` to a temporary name in the same folder, syncs it, renames it to `path` and syncs the
// folder. What is there before may only be a regular file: a device or a pipe would be replaced, not written to.
// Throws ag::Error naming the file and the system's reason; the temporary file is then removed.
void write_atomically(const Path& path, const std::function<void(std::ostream&)>& write);
void write_atomically(const Path& path, std::string_view content);

// Creates the folder and those above it. Throws ag::InputError naming what is in the way, ag::Error where the
// disk is full.
void make_folder(const Path& path);

// Holds a folder for one program as long as it lives; it leaves nothing in the folder, and the system lets go
// when the program dies. Throws ag::InputError if another program holds it. Where the file system knows no locks
// it does nothing.
class FolderLock {
 public:
  explicit FolderLock(const Path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace nn
