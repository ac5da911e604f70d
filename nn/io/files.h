// Reads and writes complete files. No reader sees half of a new file, and a failed write keeps the old file.
//
// write_atomically guarantees:
//   the program is killed at any time     the complete old or new file is there; perhaps also a file with the
//                                         ending kTemporaryEnding, which the next write replaces
//   the power fails at any time           the same, and files appear in the order in which they were written,
//                                         if the disk and the file system implement fsync correctly
//   the disk is full, the file too large  ag::Error; the complete old file is there. Ranks: file_owner.h
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace nn {

using Path = std::filesystem::path;

// The content of a file that the user named. Throws ag::InputError if it cannot be read or is only a git-lfs
// pointer. `what` is the kind of file, for the message: "config file".
std::string read_file(const Path& path, const std::string& what);

// Opens a regular file that the user named, to read it in parts. Arguments and errors as in read_file.
std::ifstream open_file(const Path& path, const std::string& what);

// The ending of a file's name while it is being written.
constexpr std::string_view kTemporaryEnding = ".tmp";

// Calls `write` on a temporary file in the same folder, syncs it, renames it to `path` and syncs the folder.
// An existing `path` must be a regular file, because a device or a pipe would be replaced. Throws ag::Error,
// which names the file and the system's reason, and removes the temporary file.
void write_atomically(const Path& path, const std::function<void(std::ostream&)>& write);
void write_atomically(const Path& path, std::string_view content);

// Creates the folder and its parents. Throws ag::InputError if a file is in the way, and ag::Error if the
// system fails (a full disk).
void make_folder(const Path& path);

// Locks a folder for one program while the object lives. It leaves no file, and the system releases the lock
// if the program dies. Throws ag::InputError if another program has locked the folder. Does nothing if the
// file system has no locks.
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
