// The table of mutations (mutations.json) must fit the sources. mutate.py takes long and does not run here.
#include <nlohmann/json.hpp>
#include <set>

#include "nn/io/files.h"
#include "tests/paths.h"
#include "tests/testing.h"

namespace {

const nn::Path kRoot = nn::Path(fixtures()).parent_path().parent_path();

size_t occurrences(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("every mutation changes one place of the sources, and names tests that exist") {
  const auto mutations =
      nlohmann::json::parse(nn::read_file(kRoot / "tests" / "mutations.json", "mutations"));
  CHECK(mutations.size() >= 60);
  std::set<std::string> names, sources;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / "tests"))
    sources.insert(entry.path().filename());
  for (const auto& mutation : mutations) {
    const std::string name = mutation.at("name"), file = mutation.at("file"), old = mutation.at("old");
    INFO(name, "; hint: the sources have changed, so must tests/mutations.json");
    CHECK(names.insert(name).second);
    CHECK(old != mutation.at("new").get<std::string>());
    CHECK(occurrences(nn::read_file(kRoot / file, "source"), old) == 1);
    CHECK_FALSE(mutation.at("tests").empty());
    for (const std::string test : mutation.at("tests")) {
      CHECK(sources.contains(test + ".cpp"));
    }
  }
}
