#include "tests/fuzz/target.h"

#include <stdlib.h>

#include <algorithm>
#include <fstream>

#include "autograd/storage.h"

namespace fuzz {
namespace {

std::vector<Target>& list() {
  static std::vector<Target> all;  // not a global: registrations run before main, in an unknown order
  return all;
}

struct Folder {
  nn::Path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "p2rec-fuzz-XXXXXX").string();
    AG_CHECK(mkdtemp(name.data()), name, ": the folder cannot be made");
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

}  // namespace

Registration::Registration(const char* name, void (*read)(const std::string&)) {
  list().push_back({name, read});
  std::sort(list().begin(), list().end(), [](const Target& a, const Target& b) { return a.name < b.name; });
}

const std::vector<Target>& targets() { return list(); }

std::string problem(const Target& target, const std::string& bytes) {
  std::string message;
  try {
    target.read(bytes);
  } catch (const ag::InputError& error) {
    message = error.what();
    FUZZ_CHECK(!message.empty());
  }
  // So that tensors get new memory, and AddressSanitizer knows where each begins and ends.
  ag::release_cached_memory();
  return message;
}

const nn::Path& folder() {
  static const Folder instance;
  return instance.path;
}

nn::Path file(const std::string& name, std::string_view content) {
  nn::Path path = folder() / name;
  std::filesystem::create_directories(path.parent_path());
  std::filesystem::remove(path);  // some file systems sync one that is overwritten
  std::ofstream out(path, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  AG_CHECK(out.flush(), path.string(), ": cannot be written");
  return path;
}

}  // namespace fuzz
