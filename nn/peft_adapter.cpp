#include "nn/peft_adapter.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <memory>

#include "nn/io/json.h"

namespace nn {
namespace {

constexpr const char *kConfigName = "adapter_config.json", *kWeightsName = "adapter_model.safetensors";
constexpr const char *kAllLinear = "all-linear", *kOutput = "lm_head";
constexpr int64_t kLargestRank = 4096;

// --- names of modules --------------------------------------------------------------------------------------

// A regular expression that must match the complete name, as in Python's re.fullmatch.
class Pattern {
 public:
  Pattern(const std::string& text, const std::string& file) : text_(text), file_(file) {
    const std::string limit = "(*LIMIT_MATCH=100000)",
                      all = limit + text;  // a limit, since a match may take exponentially many steps
    int error = 0;
    PCRE2_SIZE at = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(all.data()), all.size(),
                              PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &error, &at, nullptr),
                pcre2_code_free);
    INPUT_CHECK(code_, file_, ": the regular expression '", text_, "' is wrong at character ",
                at - limit.size());
  }

  bool matches(const std::string& name) const {
    const std::shared_ptr<pcre2_match_data> match(pcre2_match_data_create_from_pattern(code_.get(), nullptr),
                                                  pcre2_match_data_free);
    const int result = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0,
                                   match.get(), nullptr);
    INPUT_CHECK(result >= 0 || result == PCRE2_ERROR_NOMATCH, file_, ": the regular expression '", text_,
                "' cannot be matched against '", name, "'; hint: is it too complicated?");
    return result >= 0;
  }

 private:
  std::string text_, file_;
  std::shared_ptr<pcre2_code> code_;
};

// --- adapter_config.json -----------------------------------------------------------------------------------

// rank_pattern, alpha_pattern: values of modules that replace r and lora_alpha. A key is a regular expression
// for the end of a name after any dot; the first match counts.
using Overrides = std::vector<std::pair<Pattern, double>>;

double override_or(const Overrides& overrides, const std::string& name, double fallback) {
  for (const auto& [pattern, value] : overrides) {
    if (pattern.matches(name)) return value;
  }
  return fallback;
}

struct PeftConfig {
  LoraConfig lora;             // targets is empty if the file has no list
  std::string target_pattern;  // a regular expression or "all-linear", if the file has no list
  Overrides ranks, alphas;
  bool rank_stabilised = false;  // scaling alpha / sqrt(r) (Kalajdzievski 2023)
  bool leaves_out = false;       // excludes some target modules; the file's tensors show which
};

void refuse(const OrderedJsonReader& config, const char* key, const std::vector<OrderedJson>& known) {
  if (!config.has(key)) return;
  const OrderedJson& found = config[key].json;
  const bool nothing = found.is_structured() && found.empty();
  if (!nothing && std::find(known.begin(), known.end(), found) == known.end())
    config[key].refuse(json_text(known[0]) + "; others are not supported");
}

void refuse_unsupported(const OrderedJsonReader& config) {
  refuse(config, "peft_type", {"LORA"});
  refuse(config, "task_type", {"CAUSAL_LM", "FEATURE_EXTRACTION"});
  refuse(config, "bias", {"none"});
  // The other values change the base weights, and the adapter is useless without the changed weights.
  refuse(config, "init_lora_weights", {true, false, "gaussian", "orthogonal", "eva"});
  for (const char* key : {"use_dora", "fan_in_fan_out", "lora_bias", "use_qalora"})
    refuse(config, key, {false});
  for (const char* key : {"modules_to_save", "layer_replication", "target_parameters",
                          "trainable_token_indices", "alora_invocation_tokens", "use_bdlora", "arrow_config",
                          "kasa_config", "velora_config", "monteclora_config"}) {
    refuse(config, key, {nullptr});
  }
}

void check_rank(double rank, const std::string& file, const std::string& what) {
  INPUT_CHECK(rank >= 1 && rank <= kLargestRank && rank == std::floor(rank), file, ": ", what, " is ", rank,
              "; expected 1 to ", kLargestRank);
}

Overrides read_overrides(const OrderedJsonReader& config, const char* key) {
  Overrides overrides;
  if (!config.has(key)) return overrides;
  if (!config[key].json.is_object()) config[key].refuse("an object");
  for (const auto& [name, value] : config[key].json.items()) {
    const OrderedJsonReader entry{value, config.file, key};
    overrides.emplace_back(Pattern("(.*\\.)?(" + name + ")", config.file), entry.number());
  }
  return overrides;
}

PeftConfig read_config(const Path& path) {
  const auto values = read_json_object<OrderedJson>(path, "adapter configuration");
  const OrderedJsonReader json{values, path.string()};
  refuse_unsupported(json);
  PeftConfig config;
  config.lora.rank = json["r"].integer();
  check_rank(static_cast<double>(config.lora.rank), json.file, "r");
  config.lora.alpha = json["lora_alpha"].number();
  config.lora.dropout = json.number_or("lora_dropout", 0);
  INPUT_CHECK(config.lora.dropout >= 0 && config.lora.dropout < 1, json.file, ": lora_dropout is ",
              config.lora.dropout, "; expected at least 0 and below 1");
  config.rank_stabilised = json.flag_or("use_rslora", false);
  config.ranks = read_overrides(json, "rank_pattern");
  config.alphas = read_overrides(json, "alpha_pattern");
  for (const auto& [pattern, rank] : config.ranks) check_rank(rank, json.file, "a rank in rank_pattern");
  config.leaves_out = json.has("exclude_modules") || json.has("layers_to_transform");
  const OrderedJsonReader targets = json["target_modules"];
  config.lora.targets.clear();
  if (targets.json.is_string()) {
    config.target_pattern = targets.string();
  } else if (targets.json.is_array()) {
    for (const OrderedJsonReader& target : targets.list()) config.lora.targets.push_back(target.string());
  } else {
    targets.refuse("a list of names, a regular expression or \"all-linear\"");
  }
  return config;
}

// --- the layers --------------------------------------------------------------------------------------------

// True if the adapter was trained on the model without its output layer: PEFT's "layers.0..." is then our
// "model.layers.0...".
bool names_are_short(const TensorFile& stored) {
  return std::none_of(stored.tensors.begin(), stored.tensors.end(), [](const auto& tensor) {
    return tensor.first.starts_with(std::string(kPeftPrefix) + "model.") ||
           tensor.first.starts_with(std::string(kPeftPrefix) + kOutput);
  });
}

// "base_model.model.lm_head.lora_A.weight"
std::string matrix_name(const std::string& module, char matrix) {
  return kPeftPrefix + module + ".lora_" + matrix + ".weight";
}

// A module's name in the model that PEFT trained.
std::string peft_name(const std::string& name, bool is_short) {
  return is_short && name.starts_with("model.") ? name.substr(6) : name;
}

// The output matrix of a tied model is its token table, so it is not a layer that can have an adapter.
void refuse_tied_output(Module& model, const TensorFile& stored) {
  bool is_tied = true;
  for_each_linear(model, [&](const std::string& name, Linear&) { is_tied = is_tied && name != kOutput; });
  INPUT_CHECK(
      !is_tied || !stored.find(matrix_name(kOutput, 'A')), stored.path, ": adapts ", kOutput,
      ", but the model's output is its token table (tie_word_embeddings); hint: an adapter of other layers");
}

std::vector<LoraTarget> find_targets(Module& model, const PeftConfig& config, bool is_short,
                                     const std::string& file, const TensorFile& stored) {
  std::string lower = config.target_pattern;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const bool all = lower == kAllLinear;  // all but the output layer
  const Pattern pattern(all ? "" : config.target_pattern, file);
  const auto wanted = [&](const std::string& name) {
    if (all) return name != kOutput;
    if (!config.target_pattern.empty()) return pattern.matches(name);
    return std::any_of(config.lora.targets.begin(), config.lora.targets.end(),
                       [&](const std::string& target) { return names_module(target, name); });
  };
  std::vector<LoraTarget> found;
  for_each_linear(model, [&](const std::string& full_name, Linear& linear) {
    const std::string name = peft_name(full_name, is_short);
    const bool is_outside = is_short && name == kOutput;  // not in the model that PEFT trained
    const bool is_left_out = config.leaves_out && !stored.find(matrix_name(name, 'A'));
    if (is_outside || is_left_out || !wanted(name)) return;
    const double rank = override_or(config.ranks, name, static_cast<double>(config.lora.rank)),
                 alpha = override_or(config.alphas, name, config.lora.alpha);
    const double scaling = alpha / (config.rank_stabilised ? std::sqrt(rank) : rank);
    found.push_back({full_name, &linear, static_cast<int64_t>(rank), scaling});
  });
  INPUT_CHECK(!found.empty(), file, ": target_modules names no linear layer of the model");
  return found;
}

// The model's tensor of which PEFT's tensor is a copy; null if there is none.
const ag::Tensor* original_of(const std::string& name, const NamedTensors& parameters) {
  const std::string_view base_layer = ".base_layer", prefix = kPeftPrefix;
  std::string own = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  if (const size_t at = own.find(base_layer); at != std::string::npos) own.erase(at, base_layer.size());
  std::vector<std::string> names = {own, "model." + own};
  if (own == std::string(kOutput) + ".weight")
    names.push_back("model.embed_tokens.weight");  // the output matrix of a tied model
  for (const std::string& wanted : names) {
    for (const auto& [parameter, tensor] : parameters) {
      if (parameter == wanted) return &tensor;
    }
  }
  return nullptr;
}

// Checks and removes the copies of the token table and the output matrix that PEFT saves with an adapter.
void take_out_copies(TensorFile& stored, const Module& model) {
  const NamedTensors parameters = model.named_parameters();
  std::erase_if(stored.tensors, [&](const auto& tensor) {
    const auto& [name, copy] = tensor;
    const ag::Tensor* original = original_of(name, parameters);
    if (!original) return false;
    const bool fits = copy.dtype() == ag::DType::Real && copy.shape() == original->shape();
    INPUT_CHECK(fits && copy.values() == original->to(ag::Device::CPU).values(), stored.path, ": ", name,
                " differs from the model's own; hint: was the adapter trained on another model?");
    return true;
  });
}

// A and B of each layer, with PEFT's names.
NamedShapes matrices_of(const std::vector<LoraTarget>& targets, bool is_short) {
  NamedShapes matrices;
  for (const LoraTarget& target : targets) {
    const std::string name = peft_name(target.name, is_short);
    matrices.push_back({matrix_name(name, 'A'), {target.rank, target.linear->weight.dim(1)}});
    matrices.push_back({matrix_name(name, 'B'), {target.linear->weight.dim(0), target.rank}});
  }
  return matrices;
}

void check_folder(const Path& folder) {
  std::error_code error;
  INPUT_CHECK(std::filesystem::is_directory(folder, error), folder.string(),
              ": there is no such adapter folder; hint: it holds ", kConfigName, " and ", kWeightsName);
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    INPUT_CHECK(!std::filesystem::exists(entry.path() / kConfigName, error) ||
                    std::filesystem::exists(folder / kConfigName, error),
                folder.string(), ": holds no ", kConfigName, "; hint: the folder ", entry.path().string(),
                " does");
  }
  const bool pickled = std::filesystem::exists(folder / "adapter_model.bin", error);
  INPUT_CHECK(!pickled || std::filesystem::exists(folder / kWeightsName, error), folder.string(),
              ": holds adapter_model.bin, which is not read; hint: PEFT's save_pretrained writes ",
              kWeightsName);
}

}  // namespace

void write_adapter(const Path& folder, const Module& model, const LoraConfig& config,
                   const std::string& base_model, const Metadata& metadata) {
  make_folder(folder);
  write_safetensors(folder / kWeightsName, lora_parameters(model), metadata);
  const OrderedJson json = {{"base_model_name_or_path", base_model},
                            {"bias", "none"},
                            {"fan_in_fan_out", false},
                            {"inference_mode", true},
                            {"init_lora_weights", true},
                            {"lora_alpha", config.alpha},
                            {"lora_dropout", config.dropout},
                            {"modules_to_save", nullptr},
                            {"peft_type", "LORA"},
                            {"r", config.rank},
                            {"target_modules", config.targets},
                            {"task_type", "CAUSAL_LM"},
                            {"use_dora", false},
                            {"use_rslora", false}};
  write_atomically(folder / kConfigName, json_text(json, 2) + "\n");
}

LoraConfig read_adapter(const Path& folder, Module& model) {
  check_folder(folder);
  const Path file = folder / kConfigName;
  PeftConfig config = read_config(file);
  TensorFile stored = read_safetensors(folder / kWeightsName);
  const bool is_short = names_are_short(stored);
  refuse_tied_output(model, stored);
  take_out_copies(stored, model);
  const std::vector<LoraTarget> targets = find_targets(model, config, is_short, file.string(), stored);
  const NamedShapes matrices = matrices_of(targets, is_short);
  // Checked first, because attach_lora allocates memory for any rank that the configuration declares.
  check_tensors(matrices, stored.tensors, stored.path + ": the adapter does not fit the model");
  attach_lora(model, targets, config.lora.dropout, config.lora.seed);
  for (size_t i = 0; i < targets.size(); ++i) {
    LoraAdapter lora = *targets[i].linear->lora();
    lora.A.copy_from(stored.at(matrices[2 * i].first));
    lora.B.copy_from(stored.at(matrices[2 * i + 1].first));
  }
  if (!config.target_pattern.empty() || config.leaves_out) {
    config.lora.targets.clear();
    for (const LoraTarget& target : targets) config.lora.targets.push_back(target.name);
  }
  return config.lora;
}

}  // namespace nn
