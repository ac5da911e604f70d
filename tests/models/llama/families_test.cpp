// A tiny random model of each family, as Hugging Face folder and as GGUF, compared with transformers
// (fixtures/make_families.py).
#include <cmath>

#include "models/formats/gguf_model.h"
#include "models/formats/hugging_face.h"
#include "nn/lora.h"
#include "nn/peft_adapter.h"
#include "tests/folders.h"
#include "tests/models/llama/model_runs.h"

using ag::Tensor;
using models::Llama;
using models::LlamaConfig;
using testing::family_path;

namespace {

std::vector<int32_t> prompt(const nn::TensorFile& expected) {
  const Tensor ids = expected.at("ids");
  return {ids.ints(), ids.ints() + ids.numel()};
}

Tensor logits_of(const Llama& model, const std::vector<int32_t>& ids) {
  const ag::NoGrad no_grad;
  return model.logits(model.hidden_states(nn::pack({ids})));
}

// The largest difference divided by the range of the expected numbers.
double share_of_range(const Tensor& found, const Tensor& expected) {
  REQUIRE(found.shape() == expected.shape());
  const std::vector<ag::real> a = found.values(), b = expected.values();
  const auto [low, high] = std::minmax_element(b.begin(), b.end());
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    REQUIRE(std::isfinite(a[i]));
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  REQUIRE(*high - *low > 1);
  return largest / (*high - *low);
}

// For the families' logits and states. In f32 both sides round after each of some dozen ops.
void check_share(const testing::Parity& parity, const Tensor& found, const Tensor& expected,
                 double allowed_f64, const std::string& part) {
  const double allowed = testing::tolerance::kF64 ? allowed_f64 : 2e-4;
  parity.check_error(part, share_of_range(found, expected), allowed, "of the range");
}

}  // namespace

TEST_CASE("every family as Hugging Face folder: the logits are transformers'") {
  const nn::TensorFile expected = testing::fixture("families.safetensors");
  for (const std::string name : {"llama2", "llama3", "tinyllama", "smollm2", "qwen2", "qwen3", "mistral"}) {
    CAPTURE(name);
    const auto model = models::load_hugging_face_model(family_path(name));
    for (const auto& [parameter, tensor] : model->named_parameters()) CHECK_FALSE(tensor.requires_grad());
    check_share({"Hugging Face folder: " + name, expected}, logits_of(*model, prompt(expected)),
                expected.at(name + ".logits"), 1e-9, "logits");
  }
}

TEST_CASE("families as GGUF: Llama 3 with its divisors, Qwen2 with its biases, Qwen3 with its norms") {
  const nn::TensorFile expected = testing::fixture("families.safetensors");
  for (const std::string name : {"llama3", "qwen2", "qwen3"}) {
    CAPTURE(name);
    const models::GgufFile file(family_path(name + ".gguf"));
    const auto model = models::load_gguf_model(file, models::checked_gguf_config(file));
    // The file holds the divisors and the epsilon as f32.
    check_share({"GGUF file: " + name, expected}, logits_of(*model, prompt(expected)),
                expected.at(name + ".logits"), 1e-6, "logits");
    const nn::NamedTensors found = model->named_parameters(),
                           same = models::load_hugging_face_model(family_path(name))->named_parameters();
    REQUIRE(found.size() == same.size());
    for (size_t i = 0; i < found.size(); ++i) {
      CAPTURE(found[i].first);
      CHECK(found[i].first == same[i].first);
      CHECK(found[i].second.values() == same[i].second.values());
    }
  }
}

TEST_CASE("what distinguishes the families is in their configurations") {
  const auto config = [](const std::string& name) {
    return models::read_hugging_face_config(family_path(name) / "config.json");
  };
  LlamaConfig c = config("llama2");  // in the form of transformers 4
  CHECK(c.vocabulary == 40);
  CHECK(c.hidden == 16);
  CHECK(c.intermediate == 16);
  CHECK(c.layers == 2);
  CHECK(c.heads == 2);
  CHECK(c.kv_heads == 2);
  CHECK(c.head_size() == 8);
  CHECK(c.context == 256);
  CHECK(c.rms_eps == 1e-5);
  CHECK(c.rope_theta == 10000);
  CHECK(c.rope_divisors.empty());
  CHECK_FALSE(c.tied);
  CHECK_FALSE(c.qkv_bias);
  CHECK_FALSE(c.qk_norm);
  c = config("llama3");
  CHECK(c.tied);
  REQUIRE(c.rope_divisors.size() ==
          4);  // waves of 6, 63, 628 and 6283 tokens; kept below 32, divided above 128
  CHECK(c.rope_divisors[0] == 1);
  CHECK(c.rope_divisors[1] > 1.5);
  CHECK(c.rope_divisors[1] < 7.5);
  CHECK(c.rope_divisors[2] == 8);
  CHECK(c.rope_divisors[3] == 8);
  CHECK(config("tinyllama").rope_divisors == std::vector<double>{4, 4, 4, 4});
  CHECK(config("smollm2").rope_theta == 100000);
  CHECK(config("qwen2").qkv_bias);
  CHECK(config("qwen2").rms_eps == 1e-6);
  CHECK(config("mistral").head_size() == 8);  // 4 heads, hidden size 16
  c = config("qwen3");
  CHECK(c.head_size() == 8);  // 4 heads, hidden size 16
  CHECK(c.qk_norm);
  CHECK_FALSE(c.qkv_bias);
  CHECK(c.tied);
}

TEST_CASE("a key-value cache and a shared prefix work with head sizes, biases, norms and divisors") {
  const nn::TensorFile expected = testing::fixture("families.safetensors");
  const std::vector<int32_t> ids = prompt(expected);
  for (const std::string name : {"llama3", "qwen2", "qwen3", "mistral"}) {
    const auto model = models::load_hugging_face_model(family_path(name));
    models::KvCache cache(model->config(), static_cast<int64_t>(ids.size()));
    model->decode({{ids.begin(), ids.begin() + 5}}, {&cache});
    const Tensor last = model->decode({{ids.begin() + 5, ids.end()}}, {&cache}),
                 all = expected.at(name + ".logits");
    const int64_t T = all.dim(0);
    const testing::Parity parity("Hugging Face folder: " + name, expected);
    check_share(parity, last, all.rows(T - 1, T), 1e-9, "logits after a cache");

    const ag::NoGrad no_grad;
    const models::SharedPrefix prefix =
        model->shared_prefix(model->embed(Tensor::from_ints({ids.begin(), ids.begin() + 5})));
    nn::Packed x = nn::pack({{ids.begin() + 5, ids.end()}});
    for (int64_t i = 0; i < x.positions.dim(0); ++i) x.positions.ints()[i] += 5;
    check_share(parity, model->logits(model->hidden_states(x, &prefix)), all.rows(5, T), 1e-9,
                "logits after a prefix");
  }
}

TEST_CASE("an adapter of PEFT: regular expression, patterns, rank-stabilised, half precision") {
  const nn::TensorFile expected = testing::fixture("families.safetensors");
  const auto model = models::load_hugging_face_model(family_path("tinyllama"));
  const nn::LoraConfig config = nn::read_adapter(family_path("peft_adapter"), *model);
  CHECK(config.rank == 2);
  CHECK(config.targets.size() == 6);  // three layers in each of two blocks
  const ag::NoGrad no_grad;
  const nn::Packed x = nn::pack({prompt(expected)});
  const testing::Parity parity("PEFT's adapter on tinyllama", expected);
  check_share(parity, model->hidden_states(x), expected.at("peft_adapter.hidden"), 1e-9, "hidden states");
  nn::merge_lora(*model);
  nn::detach_lora(*model);
  check_share(parity, model->hidden_states(x), expected.at("peft_adapter.hidden"), 1e-9,
              "hidden states, merged");
}

TEST_CASE("Qwen3 with LoRA trains as PEFT trains it: through the norms of q and k") {
  const nn::TensorFile expected = testing::fixture("families.safetensors");
  const auto model = models::load_hugging_face_model(family_path("qwen3"));
  nn::LoraConfig lora;
  lora.rank = 2;
  lora.alpha = 4;
  nn::attach_lora(*model, lora);
  const nn::NamedTensors trained = nn::lora_parameters(*model);
  for (const auto& [name, w] : trained) Tensor(w).copy_from(expected.at("qwen3.lora.weight." + name));
  const nn::Packed x = nn::pack({prompt(expected)});
  nn::Adam adam(trained, {.lr = 1e-2, .weight_decay = 0});
  testing::check_training({"Qwen3 with LoRA", expected}, expected, "qwen3.lora.", trained, adam, 0, [&] {
    return ag::cross_entropy(model->logits(model->hidden_states(x)), expected.at("qwen3.lora.input.targets"));
  });
  for (const auto& p : model->named_parameters())
    CHECK_MESSAGE(p.second.grad().defined() == (p.first.find(".lora_") != std::string::npos), p.first);
}

TEST_CASE("a configuration that was written is read back") {
  const testing::TemporaryFolder folder;
  LlamaConfig c = models::read_hugging_face_config(family_path("mistral") / "config.json");
  c.hidden = 32;
  c.heads = 2;
  c.kv_heads = 1;
  c.head_dim = 128;  // so that there are waves of all lengths for Llama 3's published numbers
  c.rope_theta = 500000;
  std::vector<double> of_its_own(64);
  for (size_t i = 0; i < of_its_own.size(); ++i) of_its_own[i] = 1 + 0.1 * static_cast<double>(i);
  const std::vector<std::pair<std::string, std::vector<double>>> scalings = {
      {"null", {}},
      {"linear", models::linear_divisors(c, 2.5)},
      {"llama3", models::llama3_divisors(c, {.factor = 32})},
      {"longrope", of_its_own}};
  for (const auto& [type, divisors] : scalings) {
    const auto& shown = type;
    CAPTURE(shown);
    c.rope_divisors = divisors;
    c.qkv_bias = !c.qkv_bias;
    c.qk_norm = !c.qkv_bias;
    c.tied = !c.tied;
    models::write_hugging_face_config(folder / "config.json", c, "F32", {}, {{"eos_token_id", 7}});
    const auto json = nlohmann::json::parse(nn::read_file(folder / "config.json", "config"));
    CHECK(json.at("rope_scaling").dump().find(type) != std::string::npos);
    CHECK(json.at("eos_token_id") == 7);
    const LlamaConfig read = models::read_hugging_face_config(folder / "config.json");
    CHECK(read.vocabulary == c.vocabulary);
    CHECK(read.hidden == c.hidden);
    CHECK(read.intermediate == c.intermediate);
    CHECK(read.layers == c.layers);
    CHECK(read.heads == c.heads);
    CHECK(read.kv_heads == c.kv_heads);
    CHECK(read.head_size() == c.head_size());
    CHECK(read.context == c.context);
    CHECK(read.rms_eps == c.rms_eps);
    CHECK(read.rope_theta == c.rope_theta);
    CHECK(read.rope_divisors == c.rope_divisors);
    CHECK(read.qkv_bias == c.qkv_bias);
    CHECK(read.qk_norm == c.qk_norm);
    CHECK(read.tied == c.tied);
  }
}
