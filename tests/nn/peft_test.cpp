// Adapter folders in PEFT's format: what can be read, and what is refused by name.
#include "models/formats/hugging_face.h"
#include "nn/lora.h"
#include "nn/peft_adapter.h"
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

constexpr const char *kConfig = "adapter_config.json", *kWeights = "adapter_model.safetensors";

std::unique_ptr<models::Llama> base() { return models::load_hugging_face_model(family_path("tinyllama")); }

nn::Path adapter_path(const std::string& name) { return fixtures() + "/adapters/" + name; }

template <class Change>
void check_refused(const std::string& expected, const Change& change) {
  const FolderCopy folder(family_path("peft_adapter"));
  folder.edit(kConfig, change);
  CAPTURE(expected);
  CHECK_THROWS_WITH_AS(nn::read_adapter(folder.path(), *base()), Contains(expected.c_str()), InputError);
}

// An adapter that this library has written, on these layers, with B not zero.
// `states` are the model's states with it.
struct OwnAdapter {
  explicit OwnAdapter(const std::vector<std::string>& targets) {
    const auto model = base();
    nn::LoraConfig config;
    config.targets = targets;
    config.rank = 3;
    config.alpha = 5;
    nn::attach_lora(*model, config);
    for (const auto& [name, matrix] : nn::lora_parameters(*model)) {
      for (int64_t i = 0; i < matrix.numel(); ++i)
        matrix.data()[i] = static_cast<ag::real>((i * 7 % 11 - 5) * 0.03);
    }
    nn::write_adapter(folder / "adapter", *model, config, "tinyllama");
    states = run(*model);
  }
  static Tensor run(const models::Llama& model) {
    const ag::NoGrad no_grad;
    return model.logits(model.hidden_states(nn::pack({{5, 17, 3, 39}})));
  }
  void check_read() const {
    const auto model = base();
    const Tensor plain = run(*model);
    nn::read_adapter(folder / "adapter", *model);
    testing::check_close(run(*model), states, testing::tolerance::kFused, "read");
    CHECK(testing::share_of_tolerance(states, plain, testing::tolerance::kFused) > 100);
  }
  template <class Change>
  void edit(const Change& change) const {
    auto json = Json::parse(nn::read_file(folder / "adapter" / kConfig, "config"));
    change(json);
    nn::write_atomically(folder / "adapter" / kConfig, json.dump());
  }

  testing::TemporaryFolder folder;
  Tensor states;
};

const std::vector<std::string> kAllButOutput = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                                "gate_proj", "up_proj", "down_proj"};

}  // namespace

TEST_CASE("target_modules: a list, an expression, all-linear") {
  const OwnAdapter all(kAllButOutput);
  all.check_read();
  for (const char* target :
       {"all-linear", "ALL-LINEAR", R"(model\.layers\.\d+\.(self_attn|mlp)\.\w+_proj)", ".*_proj"}) {
    CAPTURE(target);
    all.edit([&](Json& c) { c["target_modules"] = target; });
    all.check_read();
  }
  const OwnAdapter some({"layers.1.mlp.up_proj", "model.layers.0.self_attn.v_proj", "lm_head"});
  some.check_read();
  some.edit([](Json& c) { c["target_modules"] = R"(lm_head|.*1\.mlp\.up_proj|.*0\.self_attn\.v_proj)"; });
  some.check_read();
}

TEST_CASE("task types that do not change the meaning") {
  const OwnAdapter adapter(kAllButOutput);
  for (const Json& task : {Json("CAUSAL_LM"), Json("FEATURE_EXTRACTION"), Json(nullptr)}) {
    adapter.edit([&](Json& c) { c["task_type"] = task; });
    adapter.check_read();
  }
  adapter.edit([&](Json& c) { c.erase("task_type"); });
  adapter.check_read();
}

TEST_CASE("rank-stabilised scaling, and patterns of ranks and alphas") {
  const OwnAdapter adapter(kAllButOutput);  // r 3, alpha 5
  adapter.edit([](Json& c) {
    c["use_rslora"] = true;
    c["lora_alpha"] = 5 / std::sqrt(3.0);
  });
  adapter.check_read();
  adapter.edit([](Json& c) {
    c["use_rslora"] = false;
    c["r"] = 4;
    c["rank_pattern"] = {{".*", 3}};
    c["lora_alpha"] = 1;
    c["alpha_pattern"] = {{"mlp.*", 5}, {"self_attn.(q|k|v|o)_proj", 5}};
  });
  adapter.check_read();
}

TEST_CASE("features of PEFT that are not supported") {
  check_refused("adapter_config.json: 'use_dora' is true; expected false; others are not supported",
                [](Json& c) { c["use_dora"] = true; });
  check_refused("'bias' is \"all\"", [](Json& c) { c["bias"] = "all"; });
  check_refused("'lora_bias' is true", [](Json& c) { c["lora_bias"] = true; });
  check_refused("'fan_in_fan_out' is true", [](Json& c) { c["fan_in_fan_out"] = true; });
  check_refused("'peft_type' is \"IA3\"", [](Json& c) { c["peft_type"] = "IA3"; });
  check_refused("'task_type' is \"SEQ_CLS\"", [](Json& c) { c["task_type"] = "SEQ_CLS"; });
  check_refused("'modules_to_save' is '[\"lm_head\"]'", [](Json& c) { c["modules_to_save"] = {"lm_head"}; });
  check_refused("'layer_replication' is", [](Json& c) { c["layer_replication"] = {{0, 1}}; });
  check_refused("'target_parameters' is", [](Json& c) { c["target_parameters"] = {"x"}; });
  check_refused("'trainable_token_indices' is", [](Json& c) { c["trainable_token_indices"] = {1}; });
  for (const std::string initial : {"pissa", "pissa_niter_4", "olora", "corda", "loftq", "lora_ga"})
    check_refused("'init_lora_weights' is \"" + initial + "\"",
                  [&](Json& c) { c["init_lora_weights"] = initial; });
}

TEST_CASE("configurations that are wrong") {
  check_refused("r is 0; expected 1 to 4096", [](Json& c) { c["r"] = 0; });
  check_refused("'r' is 2.5; expected an integer", [](Json& c) { c["r"] = 2.5; });
  check_refused("a rank in rank_pattern is 5000", [](Json& c) { c["rank_pattern"] = {{"x", 5000}}; });
  check_refused("'rank_pattern' is \"x\"; expected a number", [](Json& c) {
    c["rank_pattern"] = {{"x", "x"}};
  });
  check_refused("'alpha_pattern' is '[1]'; expected an object", [](Json& c) { c["alpha_pattern"] = {1}; });
  check_refused("'lora_alpha' is \"x\"; expected a number", [](Json& c) { c["lora_alpha"] = "x"; });
  check_refused("lora_dropout is 1; expected at least 0 and below 1", [](Json& c) { c["lora_dropout"] = 1; });
  check_refused("it has no entry 'target_modules'", [](Json& c) { c.erase("target_modules"); });
  check_refused("'target_modules' is 3; expected a list of names, a regular expression or \"all-linear\"",
                [](Json& c) { c["target_modules"] = 3; });
  check_refused("target_modules names no linear layer", [](Json& c) { c["target_modules"] = {"c_attn"}; });
  check_refused("target_modules names no linear layer", [](Json& c) { c["target_modules"] = "v_proj"; });
  check_refused("the regular expression '(' is wrong at character 1",
                [](Json& c) { c["target_modules"] = "("; });
  check_refused("cannot be matched", [](Json& c) { c["target_modules"] = "(([a-z0-9_.]+)+)+[XY]"; });
  // The matrices show that other layers were meant.
  check_refused("missing: base_model.model.layers.0.self_attn.k_proj.lora_A.weight",
                [](Json& c) { c["target_modules"] = R"(.*\.(q_proj|k_proj|v_proj|down_proj))"; });
  check_refused("unexpected: base_model.model.layers.0.mlp.down_proj.lora_A.weight",
                [](Json& c) { c["target_modules"] = R"(.*\.(q_proj|v_proj))"; });
  check_refused("lora_A.weight has shape (2, 16), expected (4, 16)", [](Json& c) { c["r"] = 4; });
}

TEST_CASE("adapters of PEFT, also of the output, of some layers, with copies of the tables") {
  const nn::TensorFile expected = testing::fixture("adapters.safetensors");
  // transformers computes the angles of rotary positions in float32.
  constexpr testing::Tolerance kOracle{1e-4, 1e-5};
  const Tensor ids = expected.at("ids");
  const std::vector<int32_t> prompt(ids.ints(), ids.ints() + ids.numel());
  const auto logits = [&](const models::Llama& model) {
    const ag::NoGrad no_grad;
    return model.logits(model.hidden_states(nn::pack({prompt})));
  };
  for (const std::string name : {"output", "saved_tables", "tied_tables", "one_layer", "excluded"}) {
    CAPTURE(name);
    const auto model =
        models::load_hugging_face_model(family_path(name == "tied_tables" ? "llama3" : "tinyllama"));
    const Tensor plain = logits(*model);
    const nn::LoraConfig config = nn::read_adapter(adapter_path(name), *model);
    testing::check_close(logits(*model), expected.at(name + ".logits"), kOracle, name);
    CHECK(testing::share_of_tolerance(logits(*model), plain, kOracle) > 100);
    if (name == "one_layer")
      CHECK(config.targets == std::vector<std::string>{"model.layers.1.self_attn.q_proj"});
  }
}

TEST_CASE("copies of the base's tables that differ from it, and an adapter of a tied output") {
  const auto check = [](const std::string& name, const std::string& tensor, const std::string& expected) {
    const FolderCopy folder(adapter_path(name));
    folder.edit_tensors(kWeights, [&](nn::NamedTensors& tensors) {
      for (auto& [key, value] : tensors) {
        if (key == tensor) value.data()[3] += 1;
      }
    });
    const auto model =
        models::load_hugging_face_model(family_path(name == "tied_tables" ? "llama3" : "tinyllama"));
    CHECK_THROWS_WITH_AS(nn::read_adapter(folder.path(), *model), Contains(expected.c_str()), InputError);
    CHECK(nn::lora_parameters(*model).empty());
  };
  for (const std::string tensor : {"lm_head.weight", "model.embed_tokens.weight"}) {
    for (const std::string name : {"saved_tables", "tied_tables"})
      check(name, "base_model.model." + tensor,
            "base_model.model." + tensor + " differs from the model's own");
  }
  check("output", "base_model.model.lm_head.base_layer.weight", "lm_head.base_layer.weight differs from");
  const auto tied = models::load_hugging_face_model(family_path("llama3"));
  CHECK_THROWS_WITH_AS(nn::read_adapter(adapter_path("tied_output"), *tied),
                       Contains("adapts lm_head, but the model's output is its token table"), InputError);
}

TEST_CASE("folders that are wrong") {
  const FolderCopy folder(family_path("peft_adapter"));
  const auto check = [&](const char* expected) {
    const auto model = base();
    CHECK_THROWS_WITH_AS(nn::read_adapter(folder.path(), *model), Contains(expected), InputError);
    CHECK(nn::lora_parameters(*model).empty());
  };
  folder.edit_tensors(kWeights, [](nn::NamedTensors& t) {
    t[0].second = Tensor::from_ints(t[0].second.shape(),
                                    std::vector<int32_t>(static_cast<size_t>(t[0].second.numel())));
  });
  check("holds integers, expected reals");
  folder.edit_tensors(kWeights, [](nn::NamedTensors& t) { t[0].first = "x"; });
  check("unexpected: x");
  folder.remove(kWeights);
  check("adapter_model.safetensors: there is no such safetensors file");
  folder.write("adapter_model.bin", "x");
  check(
      "holds adapter_model.bin, which is not read; hint: PEFT's save_pretrained writes "
      "adapter_model.safetensors");
  folder.write(kConfig, "{");
  check("adapter_model.bin");
  const testing::TemporaryFolder outer;
  std::filesystem::copy(family_path("peft_adapter"), outer / "movies");
  CHECK_THROWS_WITH_AS(nn::read_adapter(outer / ".", *base()),
                       Contains("holds no adapter_config.json; hint: the folder "), InputError);
}

TEST_CASE("an adapter's matrices are parameters of the model until it is detached") {
  const auto model = base();
  const nn::NamedTensors plain = model->named_parameters();
  const int64_t count = model->parameter_count();
  nn::LoraConfig config;
  config.targets = {"q_proj"};
  for (const int64_t rank : {2, 3}) {  // the second replaces the first
    config.rank = rank;
    nn::attach_lora(*model, config);
    const nn::NamedTensors adapters = nn::lora_parameters(*model), all = model->named_parameters();
    CHECK(all.size() == plain.size() + adapters.size());
    int64_t added = 0;
    for (const auto& adapter : adapters) {
      CHECK(adapter.second.requires_grad());
      added += adapter.second.numel();
      CHECK(std::any_of(all.begin(), all.end(), [&](const auto& entry) {
        return nn::kPeftPrefix + entry.first == adapter.first && entry.second.same_as(adapter.second);
      }));
    }
    CHECK(model->parameter_count() == count + added);
    model->requires_grad(false);
    for (const auto& [name, matrix] : adapters) CHECK_FALSE(matrix.requires_grad());
  }
  nn::detach_lora(*model);
  CHECK(model->parameter_count() == count);
  model->load(plain, "itself");
}
