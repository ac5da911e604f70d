// Files, read whole and written whole: nobody sees half of a new file, and a failed write leaves the old one.
//
// What is promised of write_atomically:
//   the program is killed at any moment   the old file or the new one is there, whole; perhaps also one with
//                                         the ending kTemporaryEnding, which the next write replaces
//   the power fails at any moment         the same, and files appear in the order in which they were written,
//                                         as far as the disk and the file system keep fsync's promise
//   the disk is full, the file too large  ag::Error, and the old file is there, whole
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace nn {

using Path = std::filesystem::path;

// The content of a file that the user named. Throws ag::InputError if it cannot be read or is only
// git-lfs's pointer to a file; `what` says in the message what the file is for: "config file".
std::string read_file(const Path& path, const std::string& what);

// A regular file that the user named, opened to be read in parts. Throws and says as read_file.
std::ifstream open_file(const Path& path, const std::string& what);

// What a file is called while it is being written.
constexpr std::string_view kTemporaryEnding = ".tmp";

// Writes through `write` to a temporary name in the same folder, syncs it, renames it to `path` and syncs the
// folder. What is there before may only be a regular file: a device or a pipe would be replaced, not written
// to. Throws ag::Error naming the file and the system's reason; the temporary file is then removed.
void write_atomically(const Path& path, const std::function<void(std::ostream&)>& write);
void write_atomically(const Path& path, std::string_view content);

// Creates the folder and those above it. ag::InputError names what is in the way; ag::Error: a full disk.
void make_folder(const Path& path);

// Holds a folder for one program as long as it lives; it leaves no file, and the system lets go when the
// program dies. Throws ag::InputError if another program holds it. Does nothing where the file system has no
// locks.
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
