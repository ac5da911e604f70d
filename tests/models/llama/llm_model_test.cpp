#include "models/formats/language_model.h"

#include <cstring>
#include <map>
#include <set>

#include "autograd/storage.h"
#include "models/formats/gguf_writer.h"
#include "models/formats/tiny_file.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/system/memory.h"
#include "tests/paths.h"
#include "tests/testing.h"

using ag::InputError;
using ag::Tensor;
using models::GgufBytes;
using models::GgufType;
using models::LanguageModel;
using models::Llama;
using models::LlamaConfig;

namespace {

nn::Path fixture_path(const std::string& name) { return fixtures() + "/" + name; }

void check_equal(const Tensor& found, const Tensor& expected) {
  REQUIRE(found.shape() == expected.shape());
  CHECK(found.values() == expected.values());
}

// Checks that all weights of llama_tiny.safetensors are in the model.
void check_tiny_llama(const Llama& model) {
  const nn::TensorFile expected = testing::fixture("llama_tiny.safetensors");
  size_t checked = 0;
  for (const auto& [name, tensor] : model.named_parameters()) {
    if (name == "lm_head.weight") continue;
    const auto& shown = name;
    CAPTURE(shown);
    check_equal(tensor, expected.at("weight." + name));
    CHECK_FALSE(tensor.requires_grad());
    ++checked;
  }
  CHECK(checked == 20);
}

// A GGUF file of a model with one layer, in which a test changes one thing. All tensors are F32 with the
// numbers first, first + 1, ...
struct ModelFile {
  std::map<std::string, uint32_t> integers = {
      {"llama.embedding_length", 8},        {"llama.block_count", 1},
      {"llama.feed_forward_length", 12},    {"llama.attention.head_count", 2},
      {"llama.attention.head_count_kv", 1}, {"llama.context_length", 32}};
  std::map<std::string, float> floats = {{"llama.attention.layer_norm_rms_epsilon", 1e-5f}};
  std::map<std::string, std::string> texts = {
      {"general.architecture", "llama"}, {"tokenizer.ggml.model", "gpt2"}, {"tokenizer.ggml.pre", "smollm"}};
  std::vector<std::string> tokens = {"a", "b", "c"};
  // Dimensions are in the file's order, the fastest first.
  std::map<std::string, std::vector<uint64_t>> tensors = {
      {"token_embd.weight", {8, 3}},      {"output_norm.weight", {8}},
      {"blk.0.attn_q.weight", {8, 8}},    {"blk.0.attn_k.weight", {8, 4}},
      {"blk.0.attn_v.weight", {8, 4}},    {"blk.0.attn_output.weight", {8, 8}},
      {"blk.0.ffn_gate.weight", {8, 12}}, {"blk.0.ffn_up.weight", {8, 12}},
      {"blk.0.ffn_down.weight", {12, 8}}, {"blk.0.attn_norm.weight", {8}},
      {"blk.0.ffn_norm.weight", {8}}};
  std::map<std::string, float> first;  // a tensor's first number, if it is not 0

  std::string bytes() const {
    GgufBytes out;
    out.header(tensors.size(), integers.size() + floats.size() + texts.size() + 2);
    for (const auto& [key, value] : integers) out.key(key, GgufType::U32).u32(value);
    for (const auto& [key, value] : floats) out.key(key, GgufType::F32).put(value);
    for (const auto& [key, value] : texts) out.key(key, GgufType::String).text(value);
    out.texts("tokenizer.ggml.tokens", tokens).texts("tokenizer.ggml.merges", {});
    std::string data;
    for (const auto& [name, dimensions] : tensors) {
      uint64_t count = 1;
      for (const uint64_t d : dimensions) count *= d;
      out.info(name, dimensions, 0, data.size());
      for (uint64_t i = 0; i < count; ++i) {
        const float value = static_cast<float>(i) + (first.contains(name) ? first.at(name) : 0);
        data.append(reinterpret_cast<const char*>(&value), sizeof value);
      }
      data.resize((data.size() + 31) / 32 * 32);
    }
    return out.pad().raw(data).out;
  }

  std::string problem() const {
    const testing::TemporaryFolder folder;
    nn::write_atomically(folder / "x.gguf", bytes());
    try {
      models::load_language_model(folder / "x.gguf");
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  }
};

template <class Spoil>
void check_refused(const std::string& expected, const Spoil& spoil) {
  ModelFile file;
  spoil(file);
  const std::string problem = file.problem();
  CAPTURE(expected);
  CAPTURE(problem);
  CHECK(problem.find("x.gguf: ") != std::string::npos);
  CHECK(problem.find(expected) != std::string::npos);
}

// The keys of a llama as those of another architecture.
template <class Value>
std::map<std::string, Value> of_architecture(const std::string& name,
                                             const std::map<std::string, Value>& llama) {
  std::map<std::string, Value> found;
  for (const auto& [key, value] : llama) found[name + key.substr(key.find('.'))] = value;
  return found;
}

LlamaConfig byte_config(bool tied) {
  LlamaConfig config;
  config.vocabulary = models::ByteTokenizer().vocabulary();
  config.hidden = 8;
  config.intermediate = 12;
  config.layers = 2;
  config.heads = 2;
  config.kv_heads = 1;
  config.context = 77;
  config.rms_eps = 2e-5;
  config.rope_theta = 12345.6789;
  config.tied = tied;
  return config;
}

}  // namespace

TEST_CASE("a tied model from GGUF: every weight, in Hugging Face's order of rows") {
  const LanguageModel llm = models::load_language_model(fixture_path("llama_tied.gguf"));
  check_tiny_llama(*llm.model);
  CHECK(llm.model->lm_head() == nullptr);
  CHECK(llm.name == "tiny");
  const LlamaConfig& c = llm.model->config();
  CHECK(c.vocabulary == 96);
  CHECK(c.hidden == 32);
  CHECK(c.intermediate == 48);
  CHECK(c.layers == 2);
  CHECK(c.heads == 4);
  CHECK(c.kv_heads == 2);
  CHECK(c.context == 64);
  CHECK(c.rms_eps == double{1e-5f});
  CHECK(c.rope_theta == 10000);
  CHECK(llm.tokenizer->vocabulary() == 96);
  CHECK(llm.tokenizer->special().ends == std::vector<int32_t>{95});
  CHECK(llm.tokenizer->encode("the<|endoftext|>") == std::vector<int32_t>{94, 'e' - '!', 95});
}

TEST_CASE("an untied model from GGUF") {
  const LanguageModel llm = models::load_language_model(fixture_path("llama_untied.gguf"));
  check_tiny_llama(*llm.model);
  REQUIRE(llm.model->lm_head() != nullptr);
  const Tensor found = llm.model->lm_head()->weight;
  const Tensor table = testing::fixture("llama_tiny.safetensors").at("weight.model.embed_tokens.weight");
  REQUIRE(found.shape() == table.shape());
  for (int64_t i = 0; i < 96; ++i) check_equal(found.rows(i, i + 1), table.rows(95 - i, 96 - i));
}

TEST_CASE("a valid file; defaults of optional keys") {
  ModelFile file;
  file.integers.erase("llama.attention.head_count_kv");
  file.tensors["blk.0.attn_k.weight"] = file.tensors["blk.0.attn_v.weight"] = {8, 8};
  const testing::TemporaryFolder folder;
  nn::write_atomically(folder / "x.gguf", file.bytes());
  const LanguageModel llm = models::load_language_model(folder / "x.gguf");
  CHECK(llm.model->config().kv_heads == 2);
  CHECK(llm.model->config().rope_theta == 10000);
  CHECK(llm.model->config().tied);
  CHECK(llm.name == "x");
}

TEST_CASE("an output matrix equal to the token table is the token table") {
  ModelFile file;
  file.tensors["output.weight"] = {8, 3};  // both are 0, 1, 2, ...
  const testing::TemporaryFolder folder;
  nn::write_atomically(folder / "x.gguf", file.bytes());
  CHECK(models::load_language_model(folder / "x.gguf").model->lm_head() == nullptr);
}

TEST_CASE("inconsistent files are refused by name") {
  CHECK(ModelFile().problem() == "");
  for (const std::string name : {"gemma", "qwen3moe"}) {
    check_refused("the architecture is '" + name + "'; expected 'llama', 'qwen2' or 'qwen3'",
                  [&](ModelFile& f) { f.texts["general.architecture"] = name; });
  }
  check_refused("has no key 'qwen2.embedding_length'",
                [](ModelFile& f) { f.texts["general.architecture"] = "qwen2"; });
  check_refused("has no key 'llama.block_count'",
                [](ModelFile& f) { f.integers.erase("llama.block_count"); });
  check_refused("missing: blk.0.ffn_up.weight", [](ModelFile& f) { f.tensors.erase("blk.0.ffn_up.weight"); });
  check_refused("blk.0.attn_k.weight has shape (8, 8), expected (4, 8)", [](ModelFile& f) {
    f.tensors["blk.0.attn_k.weight"] = {8, 8};
  });
  check_refused("not supported: 'blk.0.attn_q.bias' (the model has no biases here)",
                [](ModelFile& f) { f.tensors["blk.0.attn_q.bias"] = {8}; });
  check_refused("not supported: 'blk.1.attn_q.weight'", [](ModelFile& f) {
    f.tensors["blk.1.attn_q.weight"] = {8, 8};
  });
  check_refused("key 'llama.expert_count' is 8", [](ModelFile& f) { f.integers["llama.expert_count"] = 8; });
  check_refused("key 'llama.attention.sliding_window' is 31, less than the context of 32",
                [](ModelFile& f) { f.integers["llama.attention.sliding_window"] = 31; });
  check_refused("key 'llama.rope.dimension_count' is 2; expected the size of a head, 4",
                [](ModelFile& f) { f.integers["llama.rope.dimension_count"] = 2; });
  check_refused("key 'llama.attention.value_length' is 2; expected the size of a head, 4",
                [](ModelFile& f) { f.integers["llama.attention.value_length"] = 2; });
  check_refused("blk.0.attn_q.weight has shape (8, 8), expected (12, 8)",
                [](ModelFile& f) { f.integers["llama.attention.key_length"] = 6; });
  check_refused("the model's head size is 5",
                [](ModelFile& f) { f.integers["llama.attention.key_length"] = 5; });
  check_refused("the model's number of key heads is 3; expected 1 to 2",
                [](ModelFile& f) { f.integers["llama.attention.head_count_kv"] = 3; });
  check_refused("the model's number of heads is 0",
                [](ModelFile& f) { f.integers["llama.attention.head_count"] = 0; });
  check_refused("hidden size 8 and its 3 heads do not fit",
                [](ModelFile& f) { f.integers["llama.attention.head_count"] = 3; });
  check_refused("the epsilon of the norms is 0",
                [](ModelFile& f) { f.floats["llama.attention.layer_norm_rms_epsilon"] = 0; });
  check_refused("the base of the rotary positions is 0.5",
                [](ModelFile& f) { f.floats["llama.rope.freq_base"] = 0.5; });
  check_refused("has no tensor 'token_embd.weight' of two dimensions",
                [](ModelFile& f) { f.tensors["token_embd.weight"] = {8}; });
  check_refused("'llama-spm'", [](ModelFile& f) { f.texts["tokenizer.ggml.model"] = "llama-spm"; });
}

TEST_CASE("qwen3 has a norm for the heads of q and of k, and no biases") {
  const auto qwen3 = [](const auto& change) {
    return [=](ModelFile& f) {
      f.texts["general.architecture"] = "qwen3";
      f.integers = of_architecture("qwen3", f.integers);
      f.floats = of_architecture("qwen3", f.floats);
      f.tensors["blk.0.attn_q_norm.weight"] = f.tensors["blk.0.attn_k_norm.weight"] = {4};
      change(f);
    };
  };
  ModelFile good;
  qwen3([](ModelFile&) {})(good);
  CHECK(good.problem() == "");
  check_refused("missing: blk.0.attn_k_norm.weight",
                qwen3([](ModelFile& f) { f.tensors.erase("blk.0.attn_k_norm.weight"); }));
  check_refused("blk.0.attn_q_norm.weight has shape (8), expected (4)",
                qwen3([](ModelFile& f) { f.tensors["blk.0.attn_q_norm.weight"] = {8}; }));
  check_refused("not supported: 'blk.0.attn_q.bias' (the model has no biases here)",
                qwen3([](ModelFile& f) { f.tensors["blk.0.attn_q.bias"] = {8}; }));
  check_refused("key 'qwen3.attention.sliding_window' is 31, less than the context of 32",
                qwen3([](ModelFile& f) { f.integers["qwen3.attention.sliding_window"] = 31; }));
  check_refused("not supported: 'blk.0.attn_q_norm.weight'",
                [](ModelFile& f) { f.tensors["blk.0.attn_q_norm.weight"] = {4}; });
}

TEST_CASE("tokens without a row in the token table are an error only if a text has them") {
  ModelFile model;
  model.tokens.push_back("d");
  const testing::TemporaryFolder folder;
  nn::write_atomically(folder / "x.gguf", model.bytes());
  const LanguageModel llm = models::load_language_model(folder / "x.gguf");
  CHECK(llm.tokenizer->vocabulary() == 4);
  CHECK_NOTHROW(models::need_rows({0, 2}, llm.model->config().vocabulary, "ac"));
  CHECK_THROWS_WITH_AS(
      models::need_rows(llm.tokenizer->encode("ad"), llm.model->config().vocabulary, "ad"),
      doctest::Contains("'ad' has the token 3, but the model's token table has 3 rows; hint: "), InputError);
}

TEST_CASE("a model in two files: the output is in the second, and the hash is of both") {
  const testing::TemporaryFolder folder;
  const nn::Path whole = fixtures() + "/llama_untied.gguf";
  const nn::Path first = folder / "m-00001-of-00002.gguf", second = folder / "m-00002-of-00002.gguf";
  models::split_gguf(whole, first, second);
  const LanguageModel expected = models::load_language_model(whole),
                      found = models::load_language_model(first);
  const nn::NamedTensors a = expected.model->named_parameters(), b = found.model->named_parameters();
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) check_equal(b[i].second, a[i].second);
  CHECK_FALSE(found.model->config().tied);
  const std::string hash = models::language_model_hash(first);
  CHECK(models::language_model_hash(second) == hash);
  std::string bytes = nn::read_file(second, "part");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  nn::write_atomically(second, bytes);
  CHECK(models::language_model_hash(first) != hash);
  std::filesystem::remove(second);
  CHECK_THROWS_WITH_AS(models::load_language_model(first),
                       doctest::Contains("m-00002-of-00002.gguf is missing"), InputError);
}

TEST_CASE("rotary positions that are stretched: a factor, a tensor of divisors, both") {
  using Divisors = std::vector<double>;
  const auto divisors = [](const auto& change) {
    ModelFile file;
    change(file);
    const testing::TemporaryFolder folder;
    nn::write_atomically(folder / "x.gguf", file.bytes());
    return models::load_language_model(folder / "x.gguf").model->config().rope_divisors;
  };
  const std::string type = "llama.rope.scaling.type", factor = "llama.rope.scaling.factor";
  CHECK(divisors([](ModelFile&) {}) == Divisors{});
  CHECK(divisors([&](ModelFile& f) { f.texts[type] = "none"; }) == Divisors{});
  CHECK(divisors([&](ModelFile& f) { f.floats[factor] = 4; }) ==
        Divisors{4, 4});  // linear is llama.cpp's default
  CHECK(divisors([&](ModelFile& f) {
          f.texts[type] = "linear";
          f.floats[factor] = 4;
        }) == Divisors{4, 4});
  CHECK(divisors([](ModelFile& f) { f.floats["llama.rope.scale_linear"] = 2; }) == Divisors{2, 2});
  // The tensor holds 0, 1, ... like all tensors of this file; a divisor of 0 is refused.
  check_refused("a divisor of the rotary positions is 0",
                [](ModelFile& f) { f.tensors["rope_freqs.weight"] = {2}; });
  CHECK(divisors([&](ModelFile& f) {
          f.tensors["rope_freqs.weight"] = {2};
          f.first["rope_freqs.weight"] = 1;
        }) == Divisors{1, 2});
  CHECK(divisors([&](ModelFile& f) {
          f.tensors["rope_freqs.weight"] = {2};
          f.first["rope_freqs.weight"] = 1;
          f.floats[factor] = 4;
        }) == Divisors{4, 8});
  check_refused("tensor 'rope_freqs.weight' has shape (3); expected half the size of a head, (2)",
                [](ModelFile& f) { f.tensors["rope_freqs.weight"] = {3}; });
  for (const std::string unsupported : {"yarn", "longrope", "su"}) {
    check_refused("key 'llama.rope.scaling.type' is '" + unsupported + "'; supported scaled rotary positions",
                  [&](ModelFile& f) { f.texts[type] = unsupported; });
  }
  check_refused("a divisor of the rotary positions is -2", [&](ModelFile& f) { f.floats[factor] = -2; });
  check_refused("key 'llama.rope.scaling.attn_factor' is 2; scaled attention is not supported",
                [](ModelFile& f) { f.floats["llama.rope.scaling.attn_factor"] = 2; });
}

TEST_CASE("sizes that the file only declares take no memory") {
  const int64_t before = ag::memory_stats().in_use;
  ag::reset_memory_peak();
  for (const char* key : {"llama.embedding_length", "llama.block_count", "llama.feed_forward_length",
                          "llama.attention.head_count", "llama.attention.head_count_kv"}) {
    for (const uint32_t size : {0u, 1u << 20, ~0u}) {
      CAPTURE(key);
      CAPTURE(size);
      ModelFile file;
      file.integers[key] = size;
      CHECK(file.problem() != "");
    }
  }
  CHECK(ag::memory_stats().peak == before);
}

TEST_CASE("the tiny model: written and read again, tied and not") {
  const testing::TemporaryFolder folder;
  for (const bool tied : {true, false}) {
    Llama model(byte_config(tied));
    models::initialise(model, 0.5, 3);
    models::write_tiny_llm(folder / "tiny_llm.safetensors", model, {{"stage", "x"}});
    CHECK(nn::read_safetensors_metadata(folder / "tiny_llm.safetensors").at("stage") == "x");
    const LanguageModel read = models::load_language_model(folder / "tiny_llm.safetensors");
    const nn::NamedTensors expected = model.named_parameters(), found = read.model->named_parameters();
    REQUIRE(found.size() == expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i].first == expected[i].first);
      check_equal(found[i].second, expected[i].second);
      CHECK_FALSE(found[i].second.requires_grad());
    }
    const LlamaConfig &a = read.model->config(), b = byte_config(tied);
    CHECK(a.context == b.context);
    CHECK(a.rms_eps == b.rms_eps);
    CHECK(a.rope_theta == b.rope_theta);
    CHECK(a.tied == tied);
    const models::CheckedModel checked = models::check_language_model(folder / "tiny_llm.safetensors");
    CHECK(checked.config.tied == tied);
    CHECK(checked.config.vocabulary == checked.tokenizer->vocabulary());
    CHECK(read.name == "tiny_llm");
    CHECK(read.tokenizer->encode("A") == std::vector<int32_t>{65});
    CHECK(models::load_tokenizer(folder / "tiny_llm.safetensors")->vocabulary() == 257);
  }
  LlamaConfig other = byte_config(true);
  other.vocabulary = 100;
  CHECK_THROWS_AS(models::write_tiny_llm(folder / "x.safetensors", Llama(other)), ag::Error);
  other = byte_config(true);
  other.qkv_bias = true;  // the file cannot hold these
  CHECK_THROWS_AS(models::write_tiny_llm(folder / "x.safetensors", Llama(other)), ag::Error);
  other = byte_config(true);
  other.qk_norm = true;
  CHECK_THROWS_AS(models::write_tiny_llm(folder / "x.safetensors", Llama(other)), ag::Error);
  other = byte_config(true);
  other.rope_divisors = {2, 2};
  CHECK_THROWS_AS(models::write_tiny_llm(folder / "x.safetensors", Llama(other)), ag::Error);
}

TEST_CASE("a safetensors file that is not a tiny model") {
  const testing::TemporaryFolder folder;
  const nn::Path path = folder / "x.safetensors";
  const auto check = [&](const nn::NamedTensors& tensors, const nn::Metadata& metadata,
                         const char* expected) {
    nn::write_safetensors(path, tensors, metadata);
    CHECK_THROWS_WITH_AS(models::load_language_model(path), doctest::Contains(expected), InputError);
  };
  Llama model(byte_config(true));
  models::write_tiny_llm(path, model);
  const nn::Metadata good = nn::read_safetensors_metadata(path);
  nn::NamedTensors tensors = model.named_parameters();
  check(tensors, {}, "x.safetensors: is no language model");
  check(tensors, {{"config", "{"}}, "the configuration in its metadata is not that of a tiny model");
  check(tensors, {{"config", "{}"}}, "it has no entry 'vocabulary'");
  std::string many = good.at("config");
  many.replace(many.find("\"layers\":2"), 10, "\"layers\":2000000000");
  check(tensors, {{"config", many}}, "number of layers is 2000000000");
  tensors.pop_back();
  check(tensors, good, "missing: model.norm.weight");
  tensors.emplace_back("model.norm.weight", Tensor::zeros({9}));
  check(tensors, good, "model.norm.weight has shape (9), expected (8)");
  tensors.back().second = Tensor::from_ints(std::vector<int32_t>(8));
  check(tensors, good, "tensor 'model.norm.weight' holds integers");
  CHECK_THROWS_WITH_AS(models::load_tokenizer(testing::TemporaryFolder() / "none.gguf"),
                       doctest::Contains("none.gguf"), InputError);
}
