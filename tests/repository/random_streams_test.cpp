// Random streams have names. No two places of the program may draw from the same stream, and no two names may
// have the same number, including those of the layers of large models.
#include <map>
#include <regex>
#include <set>

#include "autograd/rng.h"
#include "nn/io/files.h"
#include "tests/paths.h"
#include "tests/testing.h"

namespace {

// The strings in the quotes of each `pattern` in the sources, sorted.
std::vector<std::string> found_in_sources(const std::string& pattern) {
  const nn::Path root = nn::Path(fixtures()).parent_path().parent_path();
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (const char* folder : {"autograd", "nn", "models", "p2rec"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (!std::set<std::string>{".h", ".cpp", ".cu"}.contains(entry.path().extension())) continue;
      const std::string text = nn::read_file(entry.path(), "source");
      for (std::sregex_iterator i(text.begin(), text.end(), regex), end; i != end; ++i)
        found.push_back((*i)[1]);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

// The names of the streams of layers (blocks and LoRA adapters), which are made together with a model.
std::vector<std::string> layer_streams() {
  const std::vector<std::string> suffixes = found_in_sources(R"re(stream\(name \+ "([^"]+)"\))re");
  std::vector<std::string> names;
  for (int layer = 0; layer < 100; ++layer) {
    const std::string block = "layers." + std::to_string(layer);
    for (const std::string& suffix : suffixes) names.push_back(block + suffix);
    for (const char* linear : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
                               "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"})
      names.push_back("model." + block + "." + linear + ".lora_A");
  }
  return names;
}

}  // namespace

TEST_CASE("every place that draws random numbers has its own stream") {
  std::vector<std::string> names = found_in_sources(R"re((?:stream|key_for)\("([^"]+)"[,)])re");
  CHECK(names.size() >= 20);
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  const std::vector<std::string> of_layers = layer_streams();
  CHECK(of_layers.size() == 1100);
  names.insert(names.end(), of_layers.begin(), of_layers.end());
  std::map<uint32_t, std::string> name_of;
  for (const std::string& name : names) {
    const auto added = name_of.try_emplace(ag::stream(name), name);
    INFO(name, " has the number of ", added.first->second, "; hint: give one of them another name");
    CHECK(added.second);
  }
}

TEST_CASE("no random stream is a number in the sources") {
  CHECK(found_in_sources(R"re((?:RandomKey key|random_\w+\()(\{[^{}]*, [^{}]*, [0-9][\w']*\}))re").empty());
}
