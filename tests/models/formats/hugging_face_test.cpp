// Hugging Face folders that are wrong or not supported: the error names what is wrong.
#include "models/formats/hugging_face.h"

#include <set>

#include "autograd/storage.h"
#include "models/formats/language_model.h"
#include "models/tokenizers/tokenizer_json.h"
#include "nn/system/memory.h"
#include "tests/folders.h"
#include "tests/paths.h"
#include "tests/testing.h"

using ag::InputError;
using ag::Tensor;
using doctest::Contains;
using testing::family_path;
using testing::FolderCopy;
using Json = nlohmann::json;

namespace {

constexpr const char *kConfig = "config.json", *kWeights = "model.safetensors",
                     *kIndex = "model.safetensors.index.json";

void load(const FolderCopy& folder) { models::load_hugging_face_model(folder.path()); }

void check_refused(const FolderCopy& folder, const std::string& expected) {
  CHECK_THROWS_WITH_AS(load(folder), Contains(expected.c_str()), InputError);
}

// The folder of a family with a changed config.json.
template <class Change>
void check_config_refused(const std::string& family, const std::string& expected, const Change& change) {
  const FolderCopy folder(family_path(family));
  folder.edit(kConfig, change);
  CAPTURE(expected);
  check_refused(folder, expected);
}

template <class Change>
void check_config_accepted(const std::string& family, const Change& change) {
  const FolderCopy folder(family_path(family));
  folder.edit(kConfig, change);
  CHECK_NOTHROW(load(folder));
}

void check_same(const FolderCopy& folder, const std::string& family) {
  const nn::NamedTensors found = models::load_hugging_face_model(folder.path())->named_parameters(),
                         expected = models::load_hugging_face_model(family_path(family))->named_parameters();
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].first == expected[i].first);
    CHECK(found[i].second.values() == expected[i].second.values());
  }
}

std::string shard_name(int i) { return "model-0000" + std::to_string(i) + "-of-00002.safetensors"; }

}  // namespace

TEST_CASE("config.json: what is not supported") {
  check_config_refused("llama2",
                       "config.json: model_type is \"gpt2\"; expected llama, mistral, qwen2 or qwen3",
                       [](Json& c) { c["model_type"] = "gpt2"; });
  check_config_refused("qwen3", "model_type is \"qwen3_moe\"; expected",
                       [](Json& c) { c["model_type"] = "qwen3_moe"; });
  check_config_refused("llama2", "model_type is not given", [](Json& c) { c.erase("model_type"); });
  check_config_refused("llama2", "hidden_act is 'gelu'; expected 'silu'",
                       [](Json& c) { c["hidden_act"] = "gelu"; });
  check_config_refused("llama2", "attention_bias is true, which is not supported for llama",
                       [](Json& c) { c["attention_bias"] = true; });
  check_config_refused("mistral", "mlp_bias is true, which is not supported for mistral",
                       [](Json& c) { c["mlp_bias"] = true; });
  check_config_refused("qwen3", "attention_bias is true, which is not supported for qwen3",
                       [](Json& c) { c["attention_bias"] = true; });
  check_config_refused("llama2", "quantization_config: quantised weights", [](Json& c) {
    c["quantization_config"] = {{"quant_method", "gptq"}};
  });
  for (const std::string family : {"qwen2", "qwen3"}) {
    check_config_refused(family, "use_sliding_window is true",
                         [](Json& c) { c["use_sliding_window"] = true; });
    check_config_refused(family, "layer_types holds \"sliding_attention\"", [](Json& c) {
      c["layer_types"] = {"full_attention", "sliding_attention"};
    });
  }
}

TEST_CASE("config.json: a sliding window must not be shorter than the context") {
  const auto window = [](const Json& value, int64_t context) {
    return [=](Json& c) {
      c["sliding_window"] = value;
      c["max_position_embeddings"] = context;
    };
  };
  check_config_refused(
      "mistral",
      "sliding_window is 255, less than max_position_embeddings, 256; a sliding window is not "
      "supported; hint: with max_position_embeddings at most 255 the window never matters",
      window(255, 256));
  check_config_accepted("mistral", window(256, 256));
  check_config_accepted("mistral", window(nullptr, 1 << 20));
  check_config_accepted("mistral", [](Json& c) { c.erase("sliding_window"); });
  check_config_refused("mistral", "sliding_window is 4096 by default", [](Json& c) {
    c.erase("sliding_window");
    c["max_position_embeddings"] = 4097;
  });
}

TEST_CASE("config.json: rotary positions") {
  const auto rope = [](const Json& parameters) {
    return [=](Json& c) { c["rope_parameters"] = parameters; };
  };
  for (const std::string type : {"dynamic", "yarn", "proportional", "su"}) {
    check_config_refused(
        "smollm2", "the rotary positions are of the type '" + type + "'; expected default, linear or llama3",
        rope({{"rope_type", type}, {"factor", 2.0}}));
    check_config_refused("smollm2", "of the type '" + type + "'", [&](Json& c) {
      c["rope_scaling"] = {{"type", type}, {"factor", 2.0}};
    });
  }
  Json longrope = {{"rope_type", "longrope"},
                   {"short_factor", {1, 1, 2, 2}},
                   {"long_factor", {1, 1, 2, 3}},
                   {"attention_factor", 1.0}};
  const char* expected =
      "of the type 'longrope', which is supported only if short_factor and long_factor are equal";
  check_config_refused("smollm2", expected, rope(longrope));
  longrope["long_factor"] = longrope["short_factor"];
  check_config_accepted("smollm2", rope(longrope));
  longrope.erase("attention_factor");
  check_config_refused("smollm2", expected, rope(longrope));
  longrope["attention_factor"] = 1;
  longrope["long_factor"] = longrope["short_factor"] = {1, 1, 2};
  check_config_refused("smollm2", "long_factor holds 3 numbers; expected half the size of a head, 4",
                       rope(longrope));
  longrope["long_factor"] = longrope["short_factor"] = {1, 1, 2, 0};
  check_config_refused("smollm2", "a divisor of the rotary positions is 0", rope(longrope));

  check_config_refused("smollm2", "has no entry 'factor'", rope({{"rope_type", "linear"}}));
  check_config_refused("smollm2", "factor of the rotary positions is 0; expected above 0",
                       rope({{"rope_type", "linear"}, {"factor", 0}}));
  check_config_refused("smollm2", "factor' is \"2\"; expected a number",
                       rope({{"rope_type", "linear"}, {"factor", "2"}}));
  check_config_refused("llama3", "has no entry 'low_freq_factor'",
                       [](Json& c) { c["rope_parameters"].erase("low_freq_factor"); });
  check_config_refused("llama3", "high_freq_factor is 1; expected more than low_freq_factor, 1",
                       [](Json& c) { c["rope_parameters"]["high_freq_factor"] = 1; });
  check_config_refused("llama3", "partial_rotary_factor is 0.5; expected 1",
                       [](Json& c) { c["rope_parameters"]["partial_rotary_factor"] = 0.5; });
  check_config_refused("llama3", "partial_rotary_factor is 0.5; expected 1",
                       [](Json& c) { c["partial_rotary_factor"] = 0.5; });
  check_config_refused("smollm2", "the rotary positions of 'full_attention' layers have separate parameters",
                       rope({{"full_attention", {{"rope_type", "default"}}}}));
  check_config_refused("smollm2", "the base of the rotary positions is 0.5", rope({{"rope_theta", 0.5}}));
  check_config_refused("smollm2", "'rope_parameters' is 3; expected an object", rope(3));
}

TEST_CASE("config.json: the places of llama3's original context") {
  const auto divisor = [](const auto& change) {
    const FolderCopy folder(family_path("llama3"));
    folder.edit(kConfig, change);
    return models::read_hugging_face_config(folder / kConfig).rope_divisors[1];
  };
  const double at_128 = divisor([](Json&) {});
  CHECK(divisor([](Json& c) {
          c["rope_parameters"].erase("original_max_position_embeddings");
          c["max_position_embeddings"] = 128;
        }) == at_128);
  CHECK(divisor([](Json& c) {
          c["rope_parameters"]["original_max_position_embeddings"] = 64;
          c["original_max_position_embeddings"] = 128;
        }) == at_128);
  CHECK(divisor([](Json& c) { c["rope_parameters"]["original_max_position_embeddings"] = 100; }) > at_128);
}

TEST_CASE("config.json: sizes that are missing, of another type, absurd, or that do not fit") {
  for (const std::string key : {"vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
                                "num_attention_heads", "max_position_embeddings"}) {
    CAPTURE(key);
    check_config_refused("llama2", "it has no entry '" + key + "'", [&](Json& c) { c.erase(key); });
    check_config_refused("llama2", "'" + key + "' is 2.5; expected an integer",
                         [&](Json& c) { c[key] = 2.5; });
    const int64_t before = ag::memory_stats().in_use;
    ag::reset_memory_peak();
    for (const Json& value :
         {Json(0), Json(-16), Json(int64_t{1} << 31), Json(INT64_MAX), Json(UINT64_MAX)}) {
      if (key == "max_position_embeddings" && value == int64_t{1} << 31) continue;
      const FolderCopy folder(family_path("llama2"));
      folder.edit(kConfig, [&](Json& c) { c[key] = value; });
      CHECK_THROWS_AS(load(folder), InputError);
    }
    CHECK(ag::memory_stats().peak == before);
  }
  check_config_refused("qwen2", "has no entry 'num_key_value_heads'",
                       [](Json& c) { c.erase("num_key_value_heads"); });
  check_config_accepted("llama2", [](Json& c) { c.erase("num_key_value_heads"); });
  check_config_refused("qwen3", "has no entry 'head_dim'", [](Json& c) { c.erase("head_dim"); });
  check_config_refused("mistral", "the model's head size is 7", [](Json& c) { c["head_dim"] = 7; });
  check_config_refused("mistral", "the model's head size is -8", [](Json& c) { c["head_dim"] = -8; });
  check_config_refused("mistral", "the model's head size is 1099511627776",
                       [](Json& c) { c["head_dim"] = int64_t{1} << 40; });
  check_config_refused("llama2", "hidden size 16 and its 3 heads do not fit",
                       [](Json& c) { c["num_attention_heads"] = c["num_key_value_heads"] = 3; });
  check_config_refused("mistral", "4 heads and 3 key heads", [](Json& c) { c["num_key_value_heads"] = 3; });
  check_config_refused("llama2", "number of layers is 1000000, but there are 21 tensors",
                       [](Json& c) { c["num_hidden_layers"] = 1000000; });
  check_config_refused("llama2", "the epsilon of the norms is 0", [](Json& c) { c["rms_norm_eps"] = 0; });
  check_config_refused("llama2", "'rms_norm_eps' is \"small\"; expected a number",
                       [](Json& c) { c["rms_norm_eps"] = "small"; });
  check_config_refused("llama2", "'tie_word_embeddings' is 1; expected true or false",
                       [](Json& c) { c["tie_word_embeddings"] = 1; });
}

TEST_CASE("config.json that does not agree with the tensors") {
  check_config_refused("llama2", "model.layers.0.mlp.up_proj.weight has shape (16, 16), expected (17, 16)",
                       [](Json& c) { c["intermediate_size"] = 17; });
  check_config_refused("llama2", "not supported: 'model.layers.1.",
                       [](Json& c) { c["num_hidden_layers"] = 1; });
  check_config_refused("llama2", "missing: model.layers.2.", [](Json& c) { c["num_hidden_layers"] = 3; });
  check_config_refused("smollm2", "missing: lm_head.weight",
                       [](Json& c) { c["tie_word_embeddings"] = false; });
  check_config_refused("smollm2", "missing: model.layers.0.self_attn.q_proj.bias",
                       [](Json& c) { c["model_type"] = "qwen2"; });
  check_config_refused("qwen2",
                       "not supported: 'model.layers.0.self_attn.k_proj.bias' (the model has no biases here)",
                       [](Json& c) { c["model_type"] = "llama"; });
  check_config_refused("smollm2", "missing: model.layers.0.self_attn.q_norm.weight", [](Json& c) {
    c["model_type"] = "qwen3";
    c["head_dim"] = 8;
  });
  check_config_refused("qwen3", "not supported: 'model.layers.0.self_attn.k_norm.weight'",
                       [](Json& c) { c["model_type"] = "llama"; });
  check_config_refused("mistral", "q_proj.weight has shape (32, 16), expected (16, 16)",
                       [](Json& c) { c.erase("head_dim"); });
}

TEST_CASE("config.json that is not a configuration") {
  const FolderCopy folder(family_path("smollm2"));
  folder.write(kConfig, "{");
  check_refused(folder, "config.json: is not JSON");
  folder.write(kConfig, "[1]");
  check_refused(folder, "config.json: holds array; expected a JSON object");
  folder.write(kConfig, R"({"model_type": "llama", "model_type": "llama"})");
  check_refused(folder, "\"model_type\" twice");
  folder.remove(kConfig);
  check_refused(folder, "config.json: there is no such model configuration");
  CHECK_THROWS_WITH_AS(models::load_language_model(folder.path()), Contains("has no config.json"),
                       InputError);
}

TEST_CASE("names without the prefix, in one file and in two") {
  const auto shorten = [](nn::NamedTensors& tensors) {
    for (auto& [name, tensor] : tensors) {
      if (name.starts_with("model.")) name.erase(0, 6);
    }
  };
  for (const std::string family : {"llama2", "smollm2"}) {
    const FolderCopy folder(family_path(family));
    folder.edit_tensors(kWeights, shorten);
    check_same(folder, family);
  }
  const FolderCopy folder(family_path("llama3"));
  for (const int i : {1, 2}) folder.edit_tensors(shard_name(i), shorten);
  folder.edit(kIndex, [](Json& index) {
    Json shorter;
    for (const auto& [name, file] : index["weight_map"].items()) shorter[name.substr(6)] = file;
    index["weight_map"] = shorter;
  });
  check_same(folder, "llama3");
}

TEST_CASE("one file comes before shards, and a folder without either is refused") {
  FolderCopy folder(family_path("smollm2"));
  folder.write(kIndex, "{");
  check_same(folder, "smollm2");
  folder.remove(kWeights);
  check_refused(folder, "index.json: is not an index of safetensors files");
  folder.remove(kIndex);
  check_refused(folder, "holds neither model.safetensors nor model.safetensors.index.json");
  folder.write("pytorch_model.bin", "x");
  check_refused(folder, "pytorch_model.bin is not read");
}

TEST_CASE("shards that do not agree with their index") {
  const auto spoil = [](const std::string& expected, const auto& change) {
    const FolderCopy folder(family_path("llama3"));
    change(folder);
    CAPTURE(expected);
    check_refused(folder, expected);
  };
  spoil("the file 'model-00002-of-00002.safetensors' that it names is missing",
        [](const FolderCopy& f) { f.remove(shard_name(2)); });
  spoil("has no tensor 'model.layers.9.x', though the index says so", [](const FolderCopy& f) {
    f.edit(kIndex, [](Json& index) { index["weight_map"]["model.layers.9.x"] = shard_name(1); });
  });
  spoil("does not say that 'model-00001-of-00002.safetensors' holds the tensor 'extra'",
        [](const FolderCopy& f) {
          f.edit_tensors(shard_name(1),
                         [](nn::NamedTensors& t) { t.emplace_back("extra", Tensor::zeros({1})); });
        });
  spoil("occurs twice", [](const FolderCopy& f) {
    const Tensor one = Tensor::zeros({1});
    f.edit_tensors(shard_name(1), [&](nn::NamedTensors& t) { t.emplace_back("norm.weight", one); });
    f.edit(kIndex, [](Json& index) { index["weight_map"]["norm.weight"] = shard_name(1); });
  });
  spoil("the file '../llama3/model-00001-of-00002.safetensors' is not in the folder itself",
        [](const FolderCopy& f) {
          f.edit(kIndex, [](Json& index) {
            index["weight_map"]["model.norm.weight"] = "../llama3/" + shard_name(1);
          });
        });
  spoil("the file '..' is not in the folder itself", [](const FolderCopy& f) {
    f.edit(kIndex, [](Json& index) { index["weight_map"]["model.norm.weight"] = ".."; });
  });
  spoil("is not an index of safetensors files",
        [](const FolderCopy& f) { f.write(kIndex, R"({"weight_map": [1]})"); });
  spoil("is not an index of safetensors files", [](const FolderCopy& f) { f.write(kIndex, "{}"); });
  // The file ends within the data, and within the header.
  const std::string whole = FolderCopy(family_path("llama3")).read(shard_name(2));
  for (const size_t size : {whole.size() - 1, whole.size() / 2, size_t{100}, size_t{5}, size_t{0}}) {
    spoil(shard_name(2), [&](const FolderCopy& f) { f.write(shard_name(2), whole.substr(0, size)); });
  }
}

TEST_CASE("tensors that are wrong") {
  const auto spoil = [](const std::string& family, const std::string& expected, const auto& change) {
    const FolderCopy folder(family_path(family));
    folder.edit_tensors(kWeights, change);
    CAPTURE(expected);
    check_refused(folder, expected);
  };
  spoil("smollm2", "missing: model.", [](nn::NamedTensors& t) { t.pop_back(); });
  spoil("smollm2", "not supported: 'model.layers.0.self_attn.q_norm.weight'", [](nn::NamedTensors& t) {
    t.emplace_back("model.layers.0.self_attn.q_norm.weight", Tensor::zeros({8}));
  });
  spoil("llama2", "not supported: 'model.layers.0.self_attn.q_proj.bias'", [](nn::NamedTensors& t) {
    t.emplace_back("model.layers.0.self_attn.q_proj.bias", Tensor::zeros({16}));
  });
  spoil("smollm2", "holds integers; expected reals", [](nn::NamedTensors& t) {
    t.back().second = Tensor::from_ints(t.back().second.shape(),
                                        std::vector<int32_t>(static_cast<size_t>(t.back().second.numel())));
  });
}

TEST_CASE("the output matrix of a tied model must be the token table") {
  const auto with_output = [](const auto& change) {
    auto folder = std::make_unique<FolderCopy>(family_path("smollm2"));
    folder->edit_tensors(kWeights, [&](nn::NamedTensors& tensors) {
      Tensor table;
      for (const auto& [name, tensor] : tensors) {
        if (name == "model.embed_tokens.weight") table = tensor.clone();
      }
      tensors.emplace_back("lm_head.weight", change(table));
    });
    return folder;
  };
  check_same(*with_output([](const Tensor& table) { return table; }), "smollm2");
  check_refused(*with_output([](const Tensor& table) {
    table.data()[17] += 1;
    return table;
  }),
                "lm_head.weight is not the token table, though config.json says so");
  check_refused(
      *with_output([](const Tensor& table) { return table.rows(0, 39); }),
      "lm_head.weight has shape (39, 16); expected that of the token table it is tied to, (40, 16)");
}

TEST_CASE("a classifier, a git-lfs pointer") {
  check_config_refused("llama3",
                       "'architectures[0]' is \"LlamaForSequenceClassification\"; expected a ...ForCausalLM",
                       [](Json& c) { c["architectures"] = {"LlamaForSequenceClassification"}; });
  check_config_accepted("llama3", [](Json& c) { c["architectures"] = {"LlamaModel"}; });
  const FolderCopy folder(family_path("llama2"));
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 2\n";
  folder.write(kWeights, pointer);
  check_refused(folder, "model.safetensors: this is a git-lfs pointer");
  folder.write("x.gguf", pointer);
  CHECK_THROWS_WITH_AS(models::load_language_model(folder / "x.gguf"),
                       Contains("x.gguf: this is a git-lfs pointer"), InputError);
  folder.write(kConfig, pointer);
  check_refused(folder, "config.json: this is a git-lfs pointer, not the file itself; hint: git lfs pull");
}

TEST_CASE("weights of other types, and in shards with an index") {
  const testing::TemporaryFolder folder;
  const auto model = models::load_hugging_face_model(family_path("tinyllama"));  // stored as bfloat16
  const nn::StoredTypes types = models::hugging_face_types(family_path("tinyllama"));
  CHECK(types.size() == model->named_parameters().size());
  for (const auto& [name, type] : types) CHECK(type == "BF16");
  models::write_hugging_face_weights(folder.path(), model->named_parameters(), types, 10'000'000);
  CHECK(std::filesystem::file_size(folder / kWeights) ==
        std::filesystem::file_size(family_path("tinyllama") / kWeights));
  std::filesystem::remove(folder / kWeights);

  constexpr int64_t kLimit = 2000;
  models::write_hugging_face_weights(folder.path(), model->named_parameters(), types, kLimit);
  CHECK_FALSE(std::filesystem::exists(folder / kWeights));
  const Json index = Json::parse(nn::read_file(folder / kIndex, "index"));
  CHECK(index.at("metadata").at("total_size") == 2 * model->parameter_count());
  CHECK(index.at("metadata").at("total_parameters") == model->parameter_count());
  CHECK(index.at("weight_map").size() == types.size());
  std::set<std::string> shards;
  for (const auto& [name, shard] : index.at("weight_map").items()) shards.insert(shard);
  REQUIRE(shards.size() >= 3);
  CHECK(*shards.begin() == ag::message("model-00001-of-0000", shards.size(), ".safetensors"));
  for (const std::string& shard : shards) {
    int64_t bytes = 0;
    const nn::SafetensorsFile file(folder / shard);
    for (const auto& info : file.tensors()) bytes += static_cast<int64_t>(info.bytes);
    CHECK(bytes <= kLimit);
  }
  std::filesystem::copy(family_path("tinyllama") / kConfig, folder / kConfig);
  const nn::NamedTensors found = models::load_hugging_face_model(folder.path())->named_parameters(),
                         expected = model->named_parameters();
  for (size_t i = 0; i < expected.size(); ++i) CHECK(found[i].second.values() == expected[i].second.values());
}

TEST_CASE("a folder without a tokenizer") {
  const FolderCopy folder(family_path("qwen2"));
  CHECK_THROWS_WITH_AS(models::load_language_model(folder.path()), Contains("has no tokenizer.json; hint: "),
                       InputError);
  CHECK_THROWS_WITH_AS(models::load_tokenizer(folder.path()), Contains("has no tokenizer.json; hint: "),
                       InputError);
}
