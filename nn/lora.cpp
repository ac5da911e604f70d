#include "nn/lora.h"

#include <algorithm>
#include <cmath>

#include "autograd/kernels.h"
#include "nn/init.h"
#include "nn/json.h"

namespace nn {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kPrefix = "base_model.model.";

bool ends_with_name(const std::string& module, const std::string& target) {
  return module == target || module.ends_with("." + target);
}

// Calls visit(name, linear) for every Linear that has an adapter.
void for_each_adapter(Module& model, const std::function<void(const std::string&, Linear&)>& visit) {
  model.visit_modules([&](const std::string& name, Module& module) {
    auto* linear = dynamic_cast<Linear*>(&module);
    if (linear && linear->lora) visit(name, *linear);
  });
}

// weight += factor scaling B A
void add_product(Linear& linear, double factor) {
  const LoraAdapter& l = *linear.lora;
  const auto alpha = static_cast<ag::real>(factor * l.scaling);
  DISPATCH(linear.weight.device(), gemm, false, false, l.B.dim(0), l.A.dim(1), l.A.dim(0), alpha, l.B.data(),
           l.A.data(), ag::real(1), linear.weight.data());
}

void refuse(const Json& config, const std::string& file, const char* key, const Json& only) {
  const Json found = config.value(key, only);
  INPUT_CHECK(found == only || found.is_null() || (found.is_array() && found.empty()) ||
                  (found.is_object() && found.empty()),
              file, ": ", key, " is ", found.dump(), ", which is not supported; expected ", only.dump());
}

LoraConfig parse_config(const std::string& text, const std::string& file) {
  try {
    const auto json = parse_json<Json>(text, file);
    refuse(json, file, "peft_type", "LORA");
    refuse(json, file, "task_type", "CAUSAL_LM");
    refuse(json, file, "bias", "none");
    for (const char* key : {"use_dora", "use_rslora", "fan_in_fan_out", "lora_bias"})
      refuse(json, file, key, false);
    for (const char* key :
         {"modules_to_save", "rank_pattern", "alpha_pattern", "layers_to_transform", "exclude_modules"}) {
      refuse(json, file, key, nullptr);
    }
    LoraConfig config;
    config.rank = json_integer(json, "r", file);
    config.alpha = json.at("lora_alpha").get<double>();
    config.dropout = json.value("lora_dropout", 0.0);
    INPUT_CHECK(json.at("target_modules").is_array(), file, ": target_modules is ",
                json.at("target_modules").dump(), "; expected a list of names");
    config.targets = json.at("target_modules").get<std::vector<std::string>>();
    INPUT_CHECK(config.rank > 0 && config.rank <= 4096, file, ": r is ", config.rank, "; expected 1 to 4096");
    INPUT_CHECK(config.dropout >= 0 && config.dropout < 1, file, ": lora_dropout is ", config.dropout,
                "; expected at least 0 and below 1");
    return config;
  } catch (const Json::exception& problem) {
    throw ag::InputError(ag::message(file, ": not a LoRA adapter's configuration: ", problem.what()));
  }
}

struct NamedLinear {
  std::string name;
  Linear* linear;
};

// The layers that the configuration names. Throws ag::InputError for a target that matches none.
std::vector<NamedLinear> target_layers(Module& model, const LoraConfig& config) {
  std::vector<NamedLinear> found;
  std::vector<std::string> unused = config.targets;
  model.visit_modules([&](const std::string& name, Module& module) {
    auto* linear = dynamic_cast<Linear*>(&module);
    if (!linear) return;
    for (const std::string& target : config.targets) {
      if (!ends_with_name(name, target)) continue;
      found.push_back({name, linear});
      std::erase(unused, target);
      break;
    }
  });
  std::string names;
  for (const std::string& target : unused) names += " " + target;
  INPUT_CHECK(unused.empty(), "LoRA: the model has no linear layer named", names);
  return found;
}

// Takes the matrices that attach_lora will make for these layers out of a file, in the order of lora_parameters. Strict, as
// for a model: every matrix must be there in its shape, and nothing else. PEFT writes "base_model.model.model.layers...";
// some files lack the model's own "model.".
std::vector<ag::Tensor> take_matrices(TensorFile& stored, const std::vector<NamedLinear>& layers,
                                      int64_t rank) {
  std::vector<ag::Tensor> matrices;
  std::string problems;
  const auto take = [&](const std::string& name, const ag::Shape& shape) {
    std::string shorter = name;
    if (shorter.starts_with("base_model.model.model.")) shorter.erase(std::string(kPrefix).size(), 6);
    const auto it = std::find_if(stored.tensors.begin(), stored.tensors.end(),
                                 [&](const auto& t) { return t.first == name || t.first == shorter; });
    if (it == stored.tensors.end()) {
      problems += "\n  missing: " + name;
      return;
    }
    const ag::Tensor& found = it->second;
    if (found.dtype() != ag::DType::Real) problems += "\n  " + name + " holds integers, expected reals";
    if (found.shape() != shape)
      problems += ag::message("\n  ", name, " has shape ", found.shape(), ", expected ", shape);
    matrices.push_back(found);
    stored.tensors.erase(it);
  };
  for (const auto& [name, linear] : layers) {
    take(kPrefix + name + ".lora_A.weight", {rank, linear->weight.dim(1)});
    take(kPrefix + name + ".lora_B.weight", {linear->weight.dim(0), rank});
  }
  for (const auto& [name, tensor] : stored.tensors) problems += "\n  unexpected: " + name;
  INPUT_CHECK(problems.empty(), stored.path, ": the adapter does not fit the model:", problems);
  return matrices;
}

}  // namespace

void attach_lora(Module& model, const LoraConfig& config) {
  AG_CHECK(config.rank > 0, "attach_lora: the rank is ", config.rank);
  model.requires_grad(false);
  for (const auto& [name, linear] : target_layers(model, config)) {
    const int64_t in = linear->weight.dim(1), out = linear->weight.dim(0);
    const ag::RandomKey key = key_for(name + ".lora_A", config.seed);
    LoraAdapter lora{ag::Tensor::empty({config.rank, in}), ag::Tensor::zeros({out, config.rank}),
                     config.alpha / static_cast<double>(config.rank), config.dropout, key.site};
    uniform_(lora.A, 1 / std::sqrt(static_cast<double>(in)), key);
    lora.A.set_requires_grad();
    lora.B.set_requires_grad();
    linear->lora = std::move(lora);
  }
}

void detach_lora(Module& model) {
  for_each_adapter(model, [](const std::string&, Linear& linear) { linear.lora.reset(); });
}

NamedTensors lora_parameters(Module& model) {
  NamedTensors found;
  for_each_adapter(model, [&](const std::string& name, Linear& linear) {
    found.emplace_back(kPrefix + name + ".lora_A.weight", linear.lora->A);
    found.emplace_back(kPrefix + name + ".lora_B.weight", linear.lora->B);
  });
  return found;
}

void merge_lora(Module& model) {
  for_each_adapter(model, [](const std::string&, Linear& linear) { add_product(linear, 1); });
}

void unmerge_lora(Module& model) {
  for_each_adapter(model, [](const std::string&, Linear& linear) { add_product(linear, -1); });
}

void write_adapter(const Path& folder, Module& model, const LoraConfig& config, const std::string& base_model,
                   const Metadata& metadata) {
  make_folder(folder);
  write_safetensors(folder / "adapter_model.safetensors", lora_parameters(model), metadata);
  const Json json = {{"base_model_name_or_path", base_model},
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
  write_atomically(folder / "adapter_config.json", json.dump(2) + "\n");
}

LoraConfig read_adapter(const Path& folder, Module& model) {
  INPUT_CHECK(std::filesystem::is_directory(folder), folder.string(),
              ": there is no such adapter folder; hint: it holds ",
              "adapter_config.json and adapter_model.safetensors");
  const Path file = folder / "adapter_config.json";
  const LoraConfig config = parse_config(read_file(file, "adapter configuration"), file.string());
  TensorFile stored = read_safetensors(folder / "adapter_model.safetensors");
  // All is checked before attach_lora takes memory for a rank that the configuration only declares.
  const std::vector<ag::Tensor> matrices = take_matrices(stored, target_layers(model, config), config.rank);
  attach_lora(model, config);
  const NamedTensors parameters = lora_parameters(model);
  for (size_t i = 0; i < matrices.size(); ++i) {
    ag::Tensor parameter = parameters[i].second;
    parameter.copy_from(matrices[i]);
  }
  return config;
}

}  // namespace nn
