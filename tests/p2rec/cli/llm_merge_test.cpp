// p2rec llm merge: the folder that it writes, and the errors.
#include <map>
#include <set>

#include "models/formats/hugging_face.h"
#include "models/formats/language_model.h"
#include "models/formats/tiny_file.h"
#include "nn/lora.h"
#include "nn/peft_adapter.h"
#include "p2rec/cli/llm_merge.h"
#include "tests/folders.h"
#include "tests/testing.h"

using ag::InputError;
using ag::Tensor;
using doctest::Contains;
using models::LanguageModel;
using testing::family_path;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

Tensor logits_of(const models::Llama& model) {
  const ag::NoGrad no_grad;
  return model.logits(model.hidden_states(nn::pack({{5, 17, 3, 39, 8, 8, 21}})));
}

// Writes an adapter that changes the model's output.
void write_adapter(const nn::Path& folder, models::Llama& model) {
  nn::LoraConfig config;
  config.rank = 2;
  nn::attach_lora(model, config);
  for (const auto& [name, matrix] : nn::lora_parameters(model)) {
    for (int64_t i = 0; i < matrix.numel(); ++i)
      matrix.data()[i] = static_cast<ag::real>(static_cast<double>(i * 7 % 11 - 5) * 0.03);
  }
  nn::write_adapter(folder, model, config, "base");
}

Json json_of(const nn::Path& file) { return Json::parse(nn::read_file(file, "output")); }

// Merges, loads the written model, compares it with the model with the attached adapter, and returns it.
LanguageModel check_merge(const nn::Path& llm, const testing::TemporaryFolder& folder) {
  LanguageModel base = models::load_language_model(llm);
  const Tensor plain = logits_of(*base.model);
  write_adapter(folder / "adapter", *base.model);
  p2rec::llm_merge(llm, folder / "adapter", folder / "merged",
                   {.dtype = testing::tolerance::kF64 ? "float64" : ""});
  CHECK_FALSE(fs::exists(folder / "merged.partial"));
  LanguageModel merged = models::load_language_model(folder / "merged");
  CHECK(merged.name == "merged");
  testing::check_close(logits_of(*merged.model), logits_of(*base.model), testing::tolerance::kFused,
                       "merged");
  CHECK(testing::share_of_tolerance(logits_of(*merged.model), plain, testing::tolerance::kFused) > 100);
  CHECK(merged.tokenizer->encode("the e<|endoftext|>") == base.tokenizer->encode("the e<|endoftext|>"));
  CHECK(merged.tokenizer->special().ends == base.tokenizer->special().ends);
  return merged;
}

// The folder of a family with the tokenizer of llama3's fixture.
class FolderCopyWithTokenizer : public testing::FolderCopy {
 public:
  explicit FolderCopyWithTokenizer(const nn::Path& original) : FolderCopy(original) {
    write("tokenizer.json", nn::read_file(family_path("llama3") / "tokenizer.json", "fixture"));
  }
};

void check_refused(const nn::Path& llm, const nn::Path& out, const std::string& expected,
                   const nn::Path& adapter = {}) {
  CHECK_THROWS_WITH_AS(p2rec::llm_merge(llm, adapter, out), Contains(expected.c_str()), InputError);
}

}  // namespace

TEST_CASE("merging into a Hugging Face folder keeps the content of its files") {
  const testing::TemporaryFolder folder;
  const nn::Path base = family_path("llama3"), merged = folder / "merged";
  check_merge(base, folder);
  CHECK(nn::read_file(merged / "tokenizer.json", "x") == nn::read_file(base / "tokenizer.json", "x"));
  Json config = json_of(merged / "config.json");
  const Json original = json_of(base / "config.json");
  CHECK(config.at("rope_parameters") == original.at("rope_parameters"));
  CHECK(config.at("architectures") == Json{"LlamaForCausalLM"});
  CHECK(config.at("model_type") == "llama");
  CHECK(config.at("dtype") == (testing::tolerance::kF64 ? "float64" : "float32"));
  CHECK(config.at("head_dim") == 8);
  CHECK(json_of(merged / "generation_config.json").at("eos_token_id") == 39);
  CHECK(json_of(merged / "tokenizer_config.json").at("eos_token") == "<|endoftext|>");
  CHECK(nn::read_safetensors_metadata(merged / "model.safetensors").at("format") == "pt");
  CHECK_FALSE(fs::exists(merged / "model.safetensors.index.json"));
}

TEST_CASE("merging into a Qwen3 keeps the norms of its heads") {
  const testing::TemporaryFolder folder;
  const FolderCopyWithTokenizer base(family_path("qwen3"));
  CHECK(check_merge(base.path(), folder).model->config().qk_norm);
  const Json config = json_of(folder / "merged" / "config.json");
  CHECK(config.at("model_type") == "qwen3");
  CHECK(config.at("architectures") == Json{"Qwen3ForCausalLM"});
  CHECK(config.at("head_dim") == 8);
}

TEST_CASE("merging into a GGUF file writes a new folder") {
  const std::map<std::string, std::pair<std::string, std::string>> types = {
      {"llama3", {"llama", "LlamaForCausalLM"}},
      {"qwen2", {"qwen2", "Qwen2ForCausalLM"}},
      {"qwen3", {"qwen3", "Qwen3ForCausalLM"}}};
  for (const auto& [name, type] : types) {
    const auto& shown = name;
    CAPTURE(shown);
    const testing::TemporaryFolder folder;
    const LanguageModel merged = check_merge(family_path(name + ".gguf"), folder);
    const Json config = json_of(folder / "merged" / "config.json");
    CHECK(config.at("model_type") == type.first);
    CHECK(config.at("architectures") == Json{type.second});
    CHECK(config.at("eos_token_id") == 39);
    CHECK(config.at("tie_word_embeddings") == true);
    CHECK(merged.model->config().qkv_bias == (name == "qwen2"));
    CHECK(merged.model->config().qk_norm == (name == "qwen3"));
    CHECK(merged.model->config().rope_divisors.size() == (name == "llama3" ? 4 : 0));
    CHECK(json_of(folder / "merged" / "generation_config.json").at("eos_token_id") == 39);
  }
}

TEST_CASE("without an adapter the model is converted, number by number") {
  const testing::TemporaryFolder folder;
  const nn::Path base = family_path("llama3.gguf");
  fs::create_directory(folder / "empty");
  for (const char* name : {"new", "empty", "slash/"}) {
    CAPTURE(name);
    p2rec::llm_merge(base, {}, folder / name);
    const nn::NamedTensors found = models::load_hugging_face_model(folder / name)->named_parameters(),
                           expected = models::load_language_model(base).model->named_parameters();
    REQUIRE(found.size() == expected.size());
    for (size_t i = 0; i < found.size(); ++i) CHECK(found[i].second.values() == expected[i].second.values());
  }
}

TEST_CASE("the weights keep the base's type, or get the requested one") {
  const testing::TemporaryFolder folder;
  const nn::Path base = family_path("tinyllama");  // bfloat16
  const auto types = [&](const nn::Path& merged) {
    std::set<std::string> found;
    const nn::SafetensorsFile file(merged / "model.safetensors");
    for (const auto& info : file.tensors()) found.insert(info.dtype);
    return found;
  };
  const FolderCopyWithTokenizer copy(base);
  CHECK(p2rec::llm_merge(copy.path(), {}, folder / "kept") == "bfloat16");
  CHECK(types(folder / "kept") == std::set<std::string>{"BF16"});
  CHECK(json_of(folder / "kept" / "config.json").at("dtype") == "bfloat16");
  CHECK(fs::file_size(folder / "kept" / "model.safetensors") == fs::file_size(base / "model.safetensors"));
  CHECK(p2rec::llm_merge(copy.path(), {}, folder / "half", {.dtype = "float16"}) == "float16");
  CHECK(types(folder / "half") == std::set<std::string>{"F16"});
  CHECK(json_of(folder / "half" / "config.json").at("dtype") == "float16");
  CHECK_THROWS_WITH_AS(p2rec::llm_merge(copy.path(), {}, folder / "none", {.dtype = "int8"}),
                       Contains("--dtype: found int8; expected one of bfloat16, float16, float32, float64"),
                       InputError);
  CHECK_FALSE(fs::exists(folder / "none"));

  p2rec::llm_merge(copy.path(), {}, folder / "shards", {.shard_bytes = 2000});
  CHECK(fs::exists(folder / "shards" / "model.safetensors.index.json"));
  const nn::NamedTensors found = models::load_hugging_face_model(folder / "shards")->named_parameters(),
                         expected = models::load_hugging_face_model(base)->named_parameters();
  for (size_t i = 0; i < found.size(); ++i) CHECK(found[i].second.values() == expected[i].second.values());
}

TEST_CASE("a merged folder keeps the tokens around a text and all end tokens") {
  const testing::TemporaryFolder folder;
  const testing::FolderCopy base(family_path("llama3"));
  base.edit("tokenizer.json", [](Json& t) {
    const Json begin = {{"SpecialToken", {{"id", "<x>"}, {"type_id", 0}}}},
               text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
    t["post_processor"] = {{"type", "TemplateProcessing"},
                           {"single", {begin, text}},
                           {"special_tokens", {{"<x>", {{"id", "<x>"}, {"ids", {7}}}}}}};
  });
  base.write("generation_config.json", R"({"eos_token_id": [39, 4]})");
  p2rec::llm_merge(base.path(), {}, folder / "merged");
  const auto tokenizer = models::load_tokenizer(folder / "merged");
  CHECK(tokenizer->special().before == std::vector<int32_t>{7});
  CHECK(tokenizer->special().ends == std::vector<int32_t>{39, 4});
  fs::remove(base / "generation_config.json");
  base.edit("config.json", [](Json& c) { c["eos_token_id"] = {4, 39}; });
  p2rec::llm_merge(base.path(), {}, folder / "again");
  CHECK(json_of(folder / "again" / "generation_config.json").at("eos_token_id") == Json{4, 39});
}

TEST_CASE("merge does not overwrite files, and leaves no temporary files") {
  const testing::TemporaryFolder folder;
  const nn::Path base = family_path("llama3.gguf"), out = folder / "out";
  nn::make_folder(out);
  nn::write_atomically(out / "precious", "x");
  check_refused(base, out, "out exists and is not an empty folder; expected a new or an empty folder");
  check_refused(base, out / "precious", "precious exists and is not an empty folder");
  CHECK(nn::read_file(out / "precious", "x") == "x");
  nn::make_folder(folder / "b.partial");
  check_refused(base, folder / "b", "b.partial: exists already; hint: ");
  CHECK_FALSE(fs::exists(folder / "b"));

  for (const nn::Path& wrong : {folder / "none.gguf", nn::Path("tiny"), folder / "tiny_llm.safetensors"})
    check_refused(wrong, folder / "c", wrong.filename().string());
  check_refused(base, folder / "c", "none: there is no such adapter folder", folder / "none");
  const testing::FolderCopy adapter(family_path("peft_adapter"));
  adapter.edit_tensors("adapter_model.safetensors", [](nn::NamedTensors& t) { t[0].first = "x"; });
  check_refused(base, folder / "c", "the adapter does not fit the model", adapter.path());
  check_refused(base, out / "precious" / "c", "the folder cannot be made");
  CHECK_FALSE(fs::exists(folder / "c"));
  CHECK_FALSE(fs::exists(folder / "c.partial"));
}
