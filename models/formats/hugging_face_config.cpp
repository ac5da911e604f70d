#include "models/formats/hugging_face.h"

#include <cmath>
#include <type_traits>

#include "models/llama/parameter_layout.h"
#include "nn/io/json.h"

namespace models {
namespace {

using nn::Json;
using nn::JsonReader;
using nn::OrderedJson;

constexpr const char* kConfigFile = "model configuration";
constexpr const char *kLlama = "llama", *kMistral = "mistral", *kQwen2 = "qwen2", *kQwen3 = "qwen3";

// The names in config.json of the sizes that every model has.
constexpr std::pair<const char*, int64_t LlamaConfig::*> kSizeKeys[] = {
    {"vocab_size", &LlamaConfig::vocabulary},          {"hidden_size", &LlamaConfig::hidden},
    {"intermediate_size", &LlamaConfig::intermediate}, {"num_hidden_layers", &LlamaConfig::layers},
    {"num_attention_heads", &LlamaConfig::heads},      {"max_position_embeddings", &LlamaConfig::context}};

void refuse_biases(const JsonReader& json, const std::string& type) {
  if (type == kQwen2) return;  // it always has biases; the file's keys are ignored
  for (const char* key : {"attention_bias", "mlp_bias"}) {
    INPUT_CHECK(!json.flag_or(key, false), json.file, ": ", key, " is true, which is not supported for ",
                type, "; hint: only qwen2's biases on q, k and v are supported");
  }
}

// A window that is not shorter than the context has no effect. Mistral's default is 4096.
void refuse_sliding_window(const JsonReader& json, const std::string& type, int64_t context) {
  INPUT_CHECK(
      !json.flag_or("use_sliding_window", false), json.file,
      ": use_sliding_window is true; a sliding window is not supported; hint: false gives the model that "
      "reads the whole context");
  if (type == kMistral) {
    const bool stated = json.json.contains("sliding_window");
    const int64_t window = stated ? json.integer_or("sliding_window", context) : 4096;
    INPUT_CHECK(window >= context, json.file, ": sliding_window is ", window, stated ? "" : " by default",
                ", less than max_position_embeddings, ", context,
                "; a sliding window is not supported; hint: with max_position_embeddings at most ", window,
                " the window never matters");
  }
  if (!json.has("layer_types")) return;
  for (const Json& layer : json["layer_types"].json) {
    INPUT_CHECK(layer == "full_attention", json.file, ": layer_types holds ", nn::json_text(layer),
                "; expected only \"full_attention\"");
  }
}

void refuse_unsupported(const JsonReader& json, const std::string& type) {
  INPUT_CHECK(type == kLlama || type == kMistral || type == kQwen2 || type == kQwen3, json.file,
              ": model_type is ",
              json.has("model_type") ? nn::json_text(json["model_type"].json) : "not given",
              "; expected llama, mistral, qwen2 or qwen3");
  if (json.has("architectures")) {
    for (const JsonReader& name : json["architectures"].list()) {
      if (!name.string().ends_with("ForCausalLM") && !name.string().ends_with("Model"))
        name.refuse("a ...ForCausalLM; hint: a classifier has no next token; its base model can be read");
    }
  }
  const std::string activation = json.string_or("hidden_act", "silu");
  INPUT_CHECK(activation == "silu", json.file, ": hidden_act is '", activation, "'; expected 'silu'");
  INPUT_CHECK(!json.has("quantization_config"), json.file,
              ": quantization_config: quantised weights in a Hugging Face folder are not supported; hint: "
              "the model's GGUF file is");
  refuse_biases(json, type);
}

// --- rotary positions --------------------------------------------------------------------------------------

// The parameters: rope_scaling (transformers 4), else rope_parameters (5).
JsonReader rope_of(const JsonReader& json) {
  static const Json kNone = Json::object();
  const bool older = json.has("rope_scaling") && !json["rope_scaling"].json.empty();
  const char* key = older ? "rope_scaling" : "rope_parameters";
  const JsonReader rope = json.has(key) ? json[key] : JsonReader{kNone, json.file, key};
  if (!rope.json.is_object()) rope.refuse("an object");
  return rope;
}

double positive(const JsonReader& rope, const char* key) {
  const double value = rope[key].number();
  INPUT_CHECK(value > 0, rope.file, ": ", key, " of the rotary positions is ", value, "; expected above 0");
  return value;
}

std::vector<double> llama3_from(const JsonReader& json, const JsonReader& rope, const LlamaConfig& config) {
  Llama3Scaling scaling;
  scaling.factor = positive(rope, "factor");
  scaling.low_frequency = positive(rope, "low_freq_factor");
  scaling.high_frequency = positive(rope, "high_freq_factor");
  const char* key = "original_max_position_embeddings";
  const JsonReader& holder = json.has(key) ? json : rope;
  scaling.context = holder.has(key) ? positive(holder, key) : static_cast<double>(config.context);
  INPUT_CHECK(scaling.high_frequency > scaling.low_frequency, rope.file, ": high_freq_factor is ",
              scaling.high_frequency, "; expected more than low_freq_factor, ", scaling.low_frequency);
  return llama3_divisors(config, scaling);
}

std::vector<double> numbers(const JsonReader& list) {
  std::vector<double> found;
  for (const JsonReader& one : list.list()) found.push_back(one.number());
  return found;
}

// longrope has two lists of divisors, for short and for long texts, and scales the attention. If the lists
// are equal and the scale is 1, it is a plain list of divisors; write_hugging_face_config writes this form.
std::vector<double> longrope_from(const JsonReader& rope, const LlamaConfig& config) {
  const std::vector<double> divisors = numbers(rope["long_factor"]);
  INPUT_CHECK(
      divisors == numbers(rope["short_factor"]) && rope.number_or("attention_factor", 0) == 1, rope.file,
      ": the rotary positions are of the type 'longrope', which is supported only if short_factor and "
      "long_factor are equal and attention_factor is 1");
  const auto expected = static_cast<size_t>(config.head_size() / 2);
  INPUT_CHECK(divisors.size() == expected, rope.file, ": long_factor holds ", divisors.size(),
              " numbers; expected half the size of a head, ", expected);
  return divisors;
}

void read_rope(const JsonReader& json, LlamaConfig& config) {
  const JsonReader rope = rope_of(json);
  for (const auto& [key, value] : rope.json.items()) {
    INPUT_CHECK(!value.is_object(), json.file, ": the rotary positions of '", key,
                "' layers have separate parameters, which is not supported");
  }
  for (const JsonReader* holder : {&json, &rope}) {
    INPUT_CHECK(holder->number_or("partial_rotary_factor", 1) == 1, json.file, ": partial_rotary_factor is ",
                holder->number_or("partial_rotary_factor", 1), "; expected 1: the whole head is rotated");
  }
  config.rope_theta = rope.number_or("rope_theta", json.number_or("rope_theta", 10000));
  const std::string type = rope.string_or("rope_type", rope.string_or("type", "default"));
  if (type == "default") return;
  if (type == "linear") {
    config.rope_divisors = linear_divisors(config, positive(rope, "factor"));
  } else if (type == "llama3") {
    config.rope_divisors = llama3_from(json, rope, config);
  } else if (type == "longrope") {
    config.rope_divisors = longrope_from(rope, config);
  } else {
    throw ag::InputError(ag::message(json.file, ": the rotary positions are of the type '", type,
                                     "'; expected default, linear or llama3"));
  }
}

// The divisors in transformers' form: none, a linear factor, Llama 3's published numbers, else a longrope
// that does not depend on the length.
OrderedJson rope_scaling_of(const LlamaConfig& config) {
  const std::vector<double>& divisors = config.rope_divisors;
  if (divisors.empty()) return nullptr;
  if (divisors == linear_divisors(config, divisors[0]))
    return {{"rope_type", "linear"}, {"factor", divisors[0]}};
  Llama3Scaling llama3;
  llama3.factor = divisors.back();
  const std::vector<double> published = llama3_divisors(config, llama3);
  constexpr double kRounding = 1e-5;  // GGUF files hold divisors as f32
  bool same = true;
  for (size_t i = 0; i < divisors.size(); ++i)
    same = same && std::abs(divisors[i] - published[i]) <= kRounding * published[i];
  if (same) {
    return {{"rope_type", "llama3"},
            {"factor", llama3.factor},
            {"low_freq_factor", llama3.low_frequency},
            {"high_freq_factor", llama3.high_frequency},
            {"original_max_position_embeddings", static_cast<int64_t>(llama3.context)}};
  }
  return {{"rope_type", "longrope"}, {"short_factor", divisors},
          {"long_factor", divisors}, {"factor", 1.0},
          {"attention_factor", 1.0}, {"original_max_position_embeddings", config.context}};
}

}  // namespace

LlamaConfig read_hugging_face_config(const nn::Path& path) {
  const auto values = nn::read_json_object<Json>(path, kConfigFile);
  const JsonReader json{values, path.string()};
  const std::string type = json.string_or("model_type", "");
  refuse_unsupported(json, type);
  LlamaConfig config;
  for (const auto& [key, size] : kSizeKeys) config.*size = json[key].integer();
  // If the key is missing, the default is the number of heads only for llama; null means it for all types.
  const char* kv_heads = "num_key_value_heads";
  const bool as_heads = type == kLlama || json.json.contains(kv_heads);
  config.kv_heads = as_heads ? json.integer_or(kv_heads, config.heads) : json[kv_heads].integer();
  // qwen3 needs the key, because its default is not hidden / heads.
  config.head_dim = type == kQwen3 ? json["head_dim"].integer() : json.integer_or("head_dim", 0);
  config.rms_eps = json.number_or("rms_norm_eps", 1e-6);
  config.qkv_bias = type == kQwen2;
  config.qk_norm = type == kQwen3;
  config.tied = json.flag_or("tie_word_embeddings", false);
  refuse_sliding_window(json, type, config.context);
  check_sizes(config, json.file);  // before read_rope: the number of divisors depends on the sizes
  read_rope(json, config);
  check_sizes(config, json.file);
  return config;
}

const std::map<std::string, std::string>& torch_names() {
  static const std::map<std::string, std::string> names = {
      {"F64", "float64"}, {"F32", "float32"}, {"F16", "float16"}, {"BF16", "bfloat16"}};
  return names;
}

void write_hugging_face_config(const nn::Path& file, const LlamaConfig& config, const std::string& type,
                               const nn::Path& base, const std::map<std::string, int64_t>& token_ids) {
  OrderedJson json =
      base.empty() ? OrderedJson::object() : nn::read_json_object<OrderedJson>(base, kConfigFile);
  if (base.empty()) {  // a base has these keys in its own form
    json["model_type"] = config.qk_norm ? kQwen3 : config.qkv_bias ? kQwen2 : kLlama;
    json["rope_theta"] = config.rope_theta;
    json["rope_scaling"] = rope_scaling_of(config);
  }
  const std::map<std::string, const char*> classes = {{kLlama, "LlamaForCausalLM"},
                                                      {kMistral, "MistralForCausalLM"},
                                                      {kQwen2, "Qwen2ForCausalLM"},
                                                      {kQwen3, "Qwen3ForCausalLM"}};
  json["architectures"] = {classes.at(json.at("model_type").get<std::string>())};
  for (const auto& [key, size] : kSizeKeys) json[key] = config.*size;
  json["num_key_value_heads"] = config.kv_heads;
  json["head_dim"] = config.head_size();
  json["hidden_act"] = "silu";
  json["rms_norm_eps"] = config.rms_eps;
  json["tie_word_embeddings"] = config.tied;
  json.erase("torch_dtype");  // the older name of dtype
  json["dtype"] = torch_names().at(type);
  for (const auto& [key, id] : token_ids) json[key] = id;
  nn::write_atomically(file, nn::json_text(json, 2) + "\n");
}

}  // namespace models
