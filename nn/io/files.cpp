#include "nn/io/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "autograd/check.h"
#include "nn/io/file_owner.h"

namespace nn {
namespace {

constexpr std::string_view kLfsPointer = "version https://git-lfs.github.com/spec/";

std::string reason() { return std::strerror(errno); }

// True if the system failed, false if the user's path is wrong.
bool is_failure(const std::error_code& error) {
  for (const auto condition :
       {std::errc::no_space_on_device, std::errc::io_error, std::errc::not_enough_memory,
        std::errc::too_many_files_open, std::errc::too_many_files_open_in_system}) {
    if (error == condition) return true;
  }
  return error.value() == EDQUOT;
}

Path folder_of(const Path& path) { return path.has_parent_path() ? path.parent_path() : Path("."); }

// Waits until a file, or a folder's list of names, is on the disk. Some file systems cannot sync a folder,
// and a folder may be writable but not readable; both are no error.
void sync(const Path& path, bool is_folder) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  AG_CHECK(fd >= 0 || is_folder, path.string(), ": cannot be opened again to be synced: ", reason());
  if (fd < 0) return;
  const bool failed = ::fsync(fd) != 0 && (!is_folder || errno == EIO || errno == ENOSPC || errno == EDQUOT);
  const std::string why = reason();
  ::close(fd);
  AG_CHECK(!failed, path.string(), ": cannot be written to disk: ", why, "; hint: is the disk full?");
}
void sync_file(const Path& path) { sync(path, false); }
void sync_folder(const Path& path) { sync(path, true); }

// "FILE is not a folder" if a parent of the path is not a folder; else empty.
std::string obstacle(Path path) {
  std::error_code unknown;
  for (; !path.empty() && path != path.root_path(); path = path.parent_path()) {
    if (std::filesystem::exists(path, unknown) && !std::filesystem::is_directory(path, unknown))
      return path.string() + " is not a folder";
  }
  return "";
}

// Until git-lfs has fetched a large file, a few lines of text are in its place.
void refuse_lfs_pointer(std::string_view beginning, const Path& path) {
  INPUT_CHECK(!beginning.starts_with(kLfsPointer), path.string(),
              ": this is a git-lfs pointer, not the file itself; hint: git lfs pull");
}

}  // namespace

std::string read_file(const Path& path, const std::string& what) {
  std::error_code error;
  // On an error of exists(), opening the file below gives the reason.
  INPUT_CHECK(std::filesystem::exists(path, error) || error, path.string(), ": there is no such ", what);
  INPUT_CHECK(!std::filesystem::is_directory(path, error), path.string(), ": expected a ", what,
              " but this is a folder");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  INPUT_CHECK(in, path.string(), ": the ", what, " cannot be opened: ", reason());
  std::string content{std::istreambuf_iterator<char>(in), {}};
  INPUT_CHECK(!in.bad(), path.string(), ": the ", what, " cannot be read: ", reason());
  refuse_lfs_pointer(content, path);
  return content;
}

std::ifstream open_file(const Path& path, const std::string& what) {
  std::error_code error;
  INPUT_CHECK(std::filesystem::is_regular_file(path, error) || error == std::errc::permission_denied,
              path.string(), ": there is no such ", what);
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  INPUT_CHECK(in, path.string(), ": the ", what, " cannot be opened: ", reason());
  std::string beginning(kLfsPointer.size(), '\0');
  in.read(beginning.data(), std::ssize(beginning));
  refuse_lfs_pointer(beginning, path);
  in.clear();
  in.seekg(0);
  return in;
}

void replace_file(const Path& path, const std::function<void(std::ostream&)>& write) {
  std::error_code absent;
  const auto before = std::filesystem::status(path, absent);
  AG_CHECK(!std::filesystem::exists(before) || std::filesystem::is_regular_file(before), path.string(),
           ": cannot be replaced: it is not a regular file");
  Path temporary = path;
  temporary += kTemporaryEnding;
  try {
    errno = 0;
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    AG_CHECK(out, path.string(), ": cannot be created: ", reason());
    write(out);
    out.flush();
    AG_CHECK(out, path.string(), ": cannot be written: ", reason(), "; hint: is the disk full?");
    out.close();
    sync_file(temporary);
    std::error_code error;
    std::filesystem::rename(temporary, path, error);
    AG_CHECK(!error, path.string(), ": cannot be replaced: ", error.message());
    sync_folder(folder_of(path));
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
}

void write_atomically(const Path& path, const std::function<void(std::ostream&)>& write) {
  change_files([&] { replace_file(path, write); });
}

void write_atomically(const Path& path, std::string_view content) {
  write_atomically(path, [&](std::ostream& out) {
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
  });
}

void make_folder(const Path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  AG_CHECK(!is_failure(error), path.string(), ": the folder cannot be made: ", error.message());
  const std::string known = obstacle(path);
  INPUT_CHECK(!error && known.empty(), path.string(),
              ": the folder cannot be made: ", known.empty() ? error.message() : known);
  sync_folder(folder_of(path));
}

FolderLock::FolderLock(const Path& folder) {
  if (!owns_files()) return;
  fd_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  INPUT_CHECK(fd_ >= 0, folder.string(), ": the folder cannot be opened: ", reason());
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(fd_);
  throw ag::InputError(ag::message(folder.string(), ": another run is using this folder"));
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace nn
