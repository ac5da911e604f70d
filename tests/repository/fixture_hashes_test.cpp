// Nobody has edited a fixture by hand: its contents have the hash that its metadata states
// (fixtures/fixture_files.py), and changed contents would not.
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/p2rec/cli/shell.h"
#include "tests/paths.h"

namespace {

// The bytes that are hashed: for each tensor, sorted by name, a line with
// name, dtype and shape, then its bytes.
std::string contents_of(const std::string& file, const nlohmann::json& header, size_t data) {
  std::string contents;
  for (const auto& [name, tensor] : header.items()) {  // sorted
    if (name == "__metadata__") continue;
    std::string shape;
    for (const int64_t size : tensor.at("shape")) shape += (shape.empty() ? "" : ", ") + std::to_string(size);
    contents += name + " " + tensor.at("dtype").get<std::string>() + " [" + shape + "]\n";
    const size_t begin = tensor.at("data_offsets").at(0), end = tensor.at("data_offsets").at(1);
    contents += file.substr(data + begin, end - begin);
  }
  return contents;
}

std::string sha256(const std::string& contents) {
  const testing::Shell shell;
  shell.write("contents", contents);
  REQUIRE(shell.shell("sha256sum contents > sum") == 0);
  return nn::read_file(shell / "sum", "hash").substr(0, 64);
}

}  // namespace

TEST_CASE("every fixture has the hash that it states") {
  int checked = 0;
  std::set<std::string> without;
  for (const auto& entry : std::filesystem::directory_iterator(fixtures())) {
    if (entry.path().extension() != ".safetensors") continue;
    const std::string file = nn::read_file(entry.path(), "fixture");
    uint64_t length = 0;
    std::memcpy(&length, file.data(), sizeof length);
    const auto header = nlohmann::json::parse(file.substr(8, length));
    if (!header.contains("__metadata__") || !header.at("__metadata__").contains("sha256")) {
      without.insert(entry.path().stem());
      continue;
    }
    std::string contents = contents_of(file, header, 8 + length);
    INFO(entry.path().filename().string(), "; hint: make fixtures");
    const std::string stated = header.at("__metadata__").at("sha256");
    CHECK(sha256(contents) == stated);
    contents.back() = static_cast<char>(contents.back() ^ 1);
    CHECK(sha256(contents) != stated);
    ++checked;
  }
  CHECK(checked >= 10);
  CHECK(without == std::set<std::string>{"smollm2_rows", "tiny_gguf"});  // make_gguf.py's, of GGUF files
}
