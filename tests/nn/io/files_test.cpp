// Files are read and written completely; every failure names the file and keeps the old one.
#include "nn/io/files.h"

#include <sys/stat.h>

#include <fstream>
#include <ostream>

#include "autograd/check.h"
#include "tests/testing.h"

using ag::InputError;
using doctest::Contains;
using nn::Path;
using nn::read_file;
using nn::write_atomically;
using testing::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

// The number of files and folders in the folder.
int64_t entries(const Path& folder) { return std::distance(fs::directory_iterator(folder), {}); }

}  // namespace

TEST_CASE("a written file can be read") {
  const TemporaryFolder folder;
  const std::string bytes("a\0b\r\n\xff\n", 7);
  write_atomically(folder / "x", bytes);
  CHECK(read_file(folder / "x", "file") == bytes);
  write_atomically(folder / "x", "");
  CHECK(read_file(folder / "x", "file").empty());
  write_atomically(folder / "x", [](std::ostream& out) { out << 1 << '\n' << std::string(100'000, 'x'); });
  CHECK(read_file(folder / "x", "file") == "1\n" + std::string(100'000, 'x'));
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a file that cannot be read is the user's mistake, and named") {
  const TemporaryFolder folder;
  write_atomically(folder / "file", "content");
  CHECK_THROWS_WITH_AS(read_file(folder / "missing.toml", "config file"), Contains("missing.toml"),
                       InputError);
  CHECK_THROWS_WITH_AS(read_file(folder / "missing.toml", "config file"), Contains("config file"),
                       InputError);
  CHECK_THROWS_WITH_AS(read_file(folder.path(), "config file"), Contains("folder"), InputError);
  CHECK_THROWS_WITH_AS(read_file(folder / "file/below", "config file"), Contains("file/below"), InputError);
  CHECK_THROWS_AS(read_file("", "config file"), InputError);
  CHECK_THROWS_AS(read_file(folder / std::string(5000, 'x'), "config file"), InputError);
}

TEST_CASE("a write that fails names the file and leaves no trace") {
  const TemporaryFolder folder;
  write_atomically(folder / "file", "content");
  const auto fails = [&](const Path& path) {
    CHECK_THROWS_WITH_AS(write_atomically(path, "new"), Contains(path.filename().c_str()), ag::Error);
  };
  SUBCASE("the folder does not exist") { fails(folder / "missing/file"); }
  SUBCASE("a file is where the folder should be") { fails(folder / "file/below"); }
  SUBCASE("the name is too long") { fails(folder / std::string(5000, 'x')); }
  CHECK(entries(folder.path()) == 1);
  CHECK(read_file(folder / "file", "file") == "content");
}

TEST_CASE("a folder is not replaced by a file") {
  const TemporaryFolder folder;
  nn::make_folder(folder / "results");
  CHECK_THROWS_WITH_AS(write_atomically(folder / "results", "new"), Contains("results"), ag::Error);
  CHECK(fs::is_directory(folder / "results"));
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("an old file stays complete if writing a new one fails") {
  const TemporaryFolder folder;
  const Path path = folder / "file";
  write_atomically(path, "old");
  SUBCASE("the writer throws") {
    const auto write = [](std::ostream& out) {
      out << std::string(100'000, 'x') << std::flush;
      throw ag::Error("half-way");
    };
    CHECK_THROWS_WITH_AS(write_atomically(path, write), "half-way", ag::Error);
  }
  SUBCASE("the writer throws something else") {
    CHECK_THROWS_AS(write_atomically(path, [](std::ostream&) { throw 7; }), int);
  }
  SUBCASE("the stream reports a failure") {
    const auto write = [](std::ostream& out) { out.setstate(std::ios::badbit); };
    CHECK_THROWS_WITH_AS(write_atomically(path, write), Contains("file"), ag::Error);
  }
  SUBCASE("the disk is full") {
    for (size_t bytes : {1, 100'000}) {
      fs::create_symlink("/dev/full", folder / "file.tmp");  // with the temporary name
      CHECK_THROWS_WITH_AS(write_atomically(path, std::string(bytes, 'x')), Contains("No space left"),
                           ag::Error);
      CHECK_FALSE(fs::is_symlink(folder / "file.tmp"));
    }
  }
  CHECK(read_file(path, "file") == "old");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("temporary files of an interrupted run are overwritten") {
  const TemporaryFolder folder;
  std::ofstream(folder / "file.tmp") << "much longer than the new content";
  write_atomically(folder / "file", "new");
  CHECK(read_file(folder / "file", "file") == "new");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("folders are made with their parents") {
  const TemporaryFolder folder;
  nn::make_folder(folder / "a/b/c");
  CHECK(fs::is_directory(folder / "a/b/c"));
  nn::make_folder(folder / "a/b/c");  // it may already exist
  write_atomically(folder / "file", "content");
  CHECK_THROWS_WITH_AS(nn::make_folder(folder / "file"), Contains("file"), InputError);
  CHECK_THROWS_WITH_AS(nn::make_folder(folder / "file/below"), Contains("file/below"), InputError);
  CHECK_THROWS_AS(nn::make_folder(""), InputError);
}

TEST_CASE("only a regular file is replaced") {
  const TemporaryFolder folder;
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0666) == 0);
  CHECK_THROWS_WITH_AS(write_atomically(folder / "pipe", "new"), Contains("pipe: cannot be replaced"),
                       ag::Error);
  CHECK(fs::is_fifo(folder / "pipe"));
  fs::create_symlink("/dev/null", folder / "link");
  CHECK_THROWS_AS(write_atomically(folder / "link", "new"), ag::Error);
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(entries(folder.path()) == 2);
}

TEST_CASE("a folder is locked by one program at a time") {
  const TemporaryFolder folder;
  {
    const nn::FolderLock lock(folder.path());
    CHECK_THROWS_WITH_AS(nn::FolderLock(folder.path()), Contains("another run is using this folder"),
                         InputError);
  }
  const nn::FolderLock lock(folder.path());
  CHECK(entries(folder.path()) == 0);
  CHECK_THROWS_AS(nn::FolderLock(folder / "missing"), InputError);
}

TEST_CASE("a git-lfs pointer is not the file that it points to") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 2\n");
  const auto expected = Contains("x: this is a git-lfs pointer, not the file itself; hint: git lfs pull");
  CHECK_THROWS_WITH_AS(read_file(folder / "x", "file"), expected, InputError);
  CHECK_THROWS_WITH_AS(nn::open_file(folder / "x", "file"), expected, InputError);
  write_atomically(folder / "x", "ab");
  std::ifstream in = nn::open_file(folder / "x", "file");
  CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == "ab");
}
