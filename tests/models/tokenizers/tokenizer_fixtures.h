// The small vocabularies of tests/fixtures/make_tokenizers.py, as tokenizer.json and as GGUF.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/formats/gguf_writer.h"
#include "models/tokenizers/sentencepiece_bpe.h"
#include "models/tokenizers/tokenizer_json.h"
#include "nn/io/files.h"
#include "tests/paths.h"
#include "tests/testing.h"

namespace testing {

using ag::InputError;
using models::GgufFile;
using models::GgufType;
using models::tokenizer_from_json;
using nlohmann::json;

inline json fixture_json(const std::string& name) {
  return json::parse(nn::read_file(fixtures() + "/" + name, "fixture"));
}
inline json llama3() { return fixture_json("tiny_llama3_tokenizer.json"); }
inline json llama2() { return fixture_json("tiny_llama2_tokenizer.json"); }
inline json cases() {
  const json list = fixture_json("tiny_tokenizer_cases.json").at("cases");
  REQUIRE(list.size() > 50);
  return list;
}

inline json byte_level(const std::string& pattern = "") {
  const json own = {{"type", "ByteLevel"},
                    {"add_prefix_space", false},
                    {"trim_offsets", true},
                    {"use_regex", pattern.empty()}};
  if (pattern.empty()) return own;
  const json split = {
      {"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}};
  return {{"type", "Sequence"}, {"pretokenizers", {split, own}}};
}

inline json metaspace(const std::string& scheme, bool split) {
  return {{"type", "Metaspace"},
          {"replacement", models::kSpaceMark},
          {"prepend_scheme", scheme},
          {"split", split}};
}

// A folder with a tokenizer.json and the files that belong to it.
class Folder {
 public:
  std::unique_ptr<models::Tokenizer> load(const json& content) const { return load_text(content.dump()); }
  std::unique_ptr<models::Tokenizer> load_text(const std::string& content) const {
    nn::write_atomically(folder_ / "tokenizer.json", content);
    return tokenizer_from_json(folder_ / "tokenizer.json");
  }
  std::string problem_text(const std::string& content) const {
    try {
      load_text(content);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  std::string problem(const json& content) const { return problem_text(content.dump()); }
  void beside(const std::string& name, const json& content) const {
    nn::write_atomically(folder_ / name, content.dump());
  }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

 private:
  testing::TemporaryFolder folder_;
};

struct GgufText {  // metadata of a file without tensors
  models::GgufBytes values;
  uint64_t count = 0;

  GgufText& text(const std::string& key, const std::string& value) {
    values.key("tokenizer.ggml." + key, GgufType::String).text(value);
    ++count;
    return *this;
  }
  GgufText& texts(const std::string& key, const std::vector<std::string>& list) {
    values.texts("tokenizer.ggml." + key, list);
    ++count;
    return *this;
  }
  template <class T>
  GgufText& numbers(const std::string& key, GgufType type, const std::vector<T>& list) {
    values.array("tokenizer.ggml." + key, type, list.size());
    for (const T value : list) values.put(value);
    ++count;
    return *this;
  }
  GgufText& id(const std::string& key, uint32_t value) {
    values.key("tokenizer.ggml." + key, GgufType::U32).u32(value);
    ++count;
    return *this;
  }
  GgufText& flag(const std::string& key, bool value) {
    values.key("tokenizer.ggml." + key, GgufType::Bool).put<uint8_t>(value);
    ++count;
    return *this;
  }
  GgufFile file(const Folder& folder) const {
    models::GgufBytes whole;
    nn::write_atomically(folder / "x.gguf", whole.header(0, count).raw(values.out).out);
    return GgufFile(folder / "x.gguf");
  }
};

inline std::vector<std::string> tokens_by_id(const json& document) {
  std::map<int64_t, std::string> by_id;
  for (const auto& [token, id] : document.at("model").at("vocab").items()) by_id[id] = token;
  for (const json& token : document.at("added_tokens")) by_id[token.at("id")] = token.at("content");
  std::vector<std::string> tokens;
  for (const auto& [id, token] : by_id) tokens.push_back(token);
  return tokens;
}

struct Scored {
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<int32_t> types;

  GgufText gguf() const {
    return GgufText()
        .text("model", "llama")
        .texts("tokens", tokens)
        .numbers("scores", GgufType::F32, scores)
        .numbers("token_type", GgufType::I32, types);
  }
};

inline Scored tiny_scored() {
  const json all = fixture_json("tiny_tokenizer_cases.json");
  return {tokens_by_id(llama2()), all.at("scores"), all.at("types")};
}

}  // namespace testing
