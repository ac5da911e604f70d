// The order of the folders: no source includes a folder above its own.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "nn/io/files.h"
#include "tests/paths.h"

namespace {

namespace fs = std::filesystem;

// From bottom to top. Each folder of methods/* is a method. No method includes another, but all may include
// P2Rec, whose user-level loss others train.
const std::vector<std::string> kRooms = {
    "autograd",
    "nn/io",
    "nn/system",
    "nn",
    "models/tokenizers",
    "models/llama",
    "models/formats",
    "models/recommenders",
    "p2rec/data",
    "p2rec/task",
    "p2rec/evaluation",
    "p2rec/training",
    "p2rec/llm",
    "p2rec/run",
    "p2rec/report",
    "p2rec/methods/common",
    "p2rec/methods/p2rec",
    "p2rec/methods/*",
    "p2rec/methods",  // registry.cpp
    "p2rec/cli",
    "p2rec",    // p2rec.h
    "bench/*",  // tools with tests
    "tutorials",
    "tests",
    "bench",
};

const fs::path kRoot = fs::path(fixtures()).parent_path().parent_path();

// The position of a file's folder in the list. A folder that is not in the list counts as its parent.
size_t floor_of(const std::string& file) {
  for (fs::path folder = fs::path(file).parent_path(); !folder.empty(); folder = folder.parent_path()) {
    for (const fs::path& name : {folder, folder.parent_path() / "*"}) {
      const auto room = std::find(kRooms.begin(), kRooms.end(), name.string());
      if (room != kRooms.end()) return static_cast<size_t>(room - kRooms.begin());
    }
  }
  FAIL("no room for ", file, "; hint: tests/repository/layers_test.cpp lists the rooms");
  return 0;
}

bool goes_up(const std::string& file, const std::string& included) {
  const size_t from = floor_of(file), to = floor_of(included);
  const bool methods = kRooms[from] == "p2rec/methods/*" && to == from;
  return to > from || (methods && fs::path(file).parent_path() != fs::path(included).parent_path());
}

std::vector<std::string> sources() {
  std::vector<std::string> found;
  for (const char* top : {"autograd", "nn", "models", "p2rec", "tutorials", "tests", "bench"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      const std::string ending = entry.path().extension();
      if (ending == ".h" || ending == ".cpp" || ending == ".inc" || ending == ".cu" || ending == ".cuh")
        found.push_back(entry.path().lexically_relative(kRoot));
    }
  }
  return found;
}

// The files of the repository that a source includes, without those of the system and of libraries.
std::vector<std::string> includes_of(const std::string& source) {
  std::istringstream text(nn::read_file(kRoot / source, "source"));
  std::vector<std::string> found;
  for (std::string line; std::getline(text, line);) {
    const std::string begin = "#include \"";
    if (!line.starts_with(begin)) continue;
    const std::string name = line.substr(begin.size(), line.find('"', begin.size()) - begin.size());
    if (fs::exists(kRoot / name)) found.push_back(name);
  }
  return found;
}

}  // namespace

TEST_CASE("no source includes a folder above its own") {
  size_t includes = 0;
  for (const std::string& source : sources()) {
    for (const std::string& included : includes_of(source)) {
      ++includes;
      INFO(source, " includes ", included);
      CHECK_FALSE(goes_up(source, included));
    }
  }
  CHECK(includes > 500);
}

TEST_CASE("the test of folders sees an upward include, and one method that includes another") {
  CHECK(goes_up("nn/io/json.cpp", "nn/layers.h"));
  CHECK_FALSE(goes_up("nn/layers.h", "nn/io/json.h"));
  CHECK(goes_up("p2rec/data/interactions.h", "p2rec/run/results.h"));
  CHECK(goes_up("p2rec/methods/common/x.h", "p2rec/methods/p2rec/x.h"));
  CHECK(goes_up("p2rec/methods/one/x.h", "p2rec/methods/other/x.h"));
  CHECK(goes_up("p2rec/methods/p2rec/x.h", "p2rec/methods/other/x.h"));
  CHECK_FALSE(goes_up("p2rec/methods/one/x.h", "p2rec/methods/p2rec/x.h"));
  CHECK_FALSE(goes_up("p2rec/methods/one/x.cpp", "p2rec/methods/one/x.h"));
  CHECK_FALSE(goes_up("p2rec/methods/one/x.cpp", "p2rec/methods/common/x.h"));
  CHECK_FALSE(goes_up("p2rec/methods/registry.cpp", "p2rec/methods/one/x.h"));
}
