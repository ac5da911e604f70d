#include "nn/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "autograd/check.h"

namespace nn {
namespace {

std::string reason() { return std::strerror(errno); }

void sync(const Path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  AG_CHECK(fd >= 0, path.string(), ": cannot be opened again to be synced: ", reason());
  const int result = ::fsync(fd);
  const std::string why = reason();
  ::close(fd);
  AG_CHECK(result == 0, path.string(), ": cannot be written to disk: ", why, "; hint: is the disk full?");
}

}  // namespace

std::string read_file(const Path& path, const std::string& what) {
  std::error_code error;
  INPUT_CHECK(std::filesystem::exists(path, error), path.string(), ": there is no such ", what);
  INPUT_CHECK(!std::filesystem::is_directory(path, error), path.string(), ": expected a ", what,
              " but this is a folder");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  INPUT_CHECK(in, path.string(), ": the ", what, " cannot be opened: ", reason());
  std::string content{std::istreambuf_iterator<char>(in), {}};
  INPUT_CHECK(!in.bad(), path.string(), ": the ", what, " cannot be read: ", reason());
  return content;
}

void write_atomically(const Path& path, const std::function<void(std::ostream&)>& write) {
  Path temporary = path;
  temporary += ".tmp";
  try {
    errno = 0;
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    AG_CHECK(out, path.string(), ": cannot be created: ", reason());
    write(out);
    out.flush();
    AG_CHECK(out, path.string(), ": cannot be written: ", reason(), "; hint: is the disk full?");
    out.close();
    sync(temporary);
    std::error_code error;
    std::filesystem::rename(temporary, path, error);
    AG_CHECK(!error, path.string(), ": cannot be replaced: ", error.message());
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
}

void write_atomically(const Path& path, std::string_view content) {
  write_atomically(path, [&](std::ostream& out) {
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
  });
}

void make_folder(const Path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  INPUT_CHECK(!error && std::filesystem::is_directory(path), path.string(),
              ": the folder cannot be made: ", error ? error.message() : "something else has this name");
}

}  // namespace nn
