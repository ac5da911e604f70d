// The inputs that fuzzing has found, and known faults of other parsers, as a normal test; see
// tests/fuzz/target.h.
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "autograd/storage.h"
#include "tests/fuzz/target.h"
#include "tests/paths.h"
#include "tests/testing.h"

namespace {

const nn::Path kFuzz = nn::Path(fixtures()) / "../fuzz";

const fuzz::Target& target(const std::string& name) {
  for (const fuzz::Target& t : fuzz::targets()) {
    if (t.name == name) return t;
  }
  throw std::runtime_error("there is no fuzz target " + name);
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

}  // namespace

TEST_CASE("the lessons: each file is read or refused with the right message, and takes little memory") {
  std::ifstream in(kFuzz / "lessons.json");
  const auto lessons = nlohmann::json::parse(in);
  CHECK(lessons.size() > 150);
  const double resident = ag::peak_rss_mib();
  std::set<std::string> read;
  for (const auto& lesson : lessons) {
    const std::string name = lesson.at(0), message = fuzz::problem(target(name), from_hex(lesson.at(3)));
    CAPTURE(name);
    CAPTURE(lesson.at(1).dump());
    CAPTURE(message);
    if (lesson.at(2).is_null()) {
      CHECK(message == "");
      read.insert(name);
    } else {
      const std::string expected = lesson.at(2);
      CAPTURE(expected);
      CHECK(message != "");
      CHECK(message.find(expected) != std::string::npos);
    }
  }
  CHECK(read.size() == fuzz::targets().size());
  CHECK(ag::peak_rss_mib() - resident < 64);
}

TEST_CASE("inputs that the fuzzer has found are handled") {
  int64_t files = 0;
  for (const auto& folder : std::filesystem::directory_iterator(kFuzz / "regressions")) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      CAPTURE(entry.path().string());
      CHECK_NOTHROW(fuzz::problem(target(folder.path().filename()), nn::read_file(entry.path(), "input")));
      ++files;
    }
  }
  CHECK(files > 0);
}

TEST_CASE("every target has a file of its name, and accepts empty files") {
  CHECK(fuzz::targets().size() >= 8);
  for (const fuzz::Target& t : fuzz::targets()) {
    CAPTURE(t.name);
    CHECK(std::filesystem::exists(kFuzz / "targets" / (t.name + ".cpp")));
    for (const std::string& bytes : {std::string(), std::string("\n"), std::string(8, '\0')})
      CHECK_NOTHROW(fuzz::problem(t, bytes));
  }
}
