#include "models/formats/tiny_file.h"

#include "models/llama/parameter_layout.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/io/json.h"

namespace models {
namespace {

using nn::Json;

constexpr const char* kConfigKey = "config";

constexpr std::pair<const char*, int64_t LlamaConfig::*> kSizes[] = {
    {"vocabulary", &LlamaConfig::vocabulary},
    {"hidden", &LlamaConfig::hidden},
    {"intermediate", &LlamaConfig::intermediate},
    {"layers", &LlamaConfig::layers},
    {"heads", &LlamaConfig::heads},
    {"kv_heads", &LlamaConfig::kv_heads},
    {"context", &LlamaConfig::context}};

Json to_json(const LlamaConfig& c) {
  Json json = {{"rms_eps", c.rms_eps}, {"rope_theta", c.rope_theta}, {"tied", c.tied}};
  for (const auto& [key, size] : kSizes) json[key] = c.*size;
  return json;
}

Json parse(const std::string& config, const std::string& file) {
  try {
    return nn::parse_json<Json>(config, file);
  } catch (const Json::exception& problem) {
    throw ag::InputError(ag::message(
        file, ": the configuration in its metadata is not that of a tiny model: ", problem.what()));
  }
}

LlamaConfig config_from_metadata(const nn::Metadata& metadata, const std::string& file) {
  INPUT_CHECK(metadata.contains(kConfigKey), file,
              ": is no language model; expected a GGUF file, a Hugging Face folder, or the "
              "tiny_llm.safetensors of a run");
  const auto values = parse(metadata.at(kConfigKey), file);
  const nn::JsonReader json{values, file};
  LlamaConfig c;
  for (const auto& [key, size] : kSizes) c.*size = json[key].integer();
  c.rms_eps = json["rms_eps"].number();
  c.rope_theta = json["rope_theta"].number();
  c.tied = json["tied"].flag();
  return c;
}

LlamaConfig checked_config(const nn::SafetensorsFile& stored) {
  const std::string& file = stored.path();
  const LlamaConfig config = config_from_metadata(stored.metadata(), file);
  check_config(config, file, stored.tensors().size());
  std::map<std::string, ag::Shape> found;
  for (const auto& info : stored.tensors()) {
    INPUT_CHECK(!info.is_integer(), file, ": tensor '", info.name, "' holds integers; expected reals");
    found[info.name] = info.shape;
  }
  check_tensors(layout_of(config), &LayoutEntry::name, std::move(found), file);
  const int64_t expected = ByteTokenizer().vocabulary();
  INPUT_CHECK(config.vocabulary == expected, file, ": the vocabulary is ", config.vocabulary,
              "; expected the byte tokenizer's ", expected);
  return config;
}

}  // namespace

LlamaConfig checked_tiny_config(const nn::Path& file) { return checked_config(nn::SafetensorsFile(file)); }

std::unique_ptr<Llama> load_tiny_model(const nn::Path& path) {
  const nn::SafetensorsFile stored(path);
  const LlamaConfig config = checked_config(stored);
  need_memory_for(config, stored.path());
  auto model = std::make_unique<Llama>(config);
  const auto parameters = parameters_by_name(*model);
  for (const auto& info : stored.tensors()) {
    ag::Tensor parameter = parameters.at(info.name);
    stored.load_into(info, parameter);
  }
  model->requires_grad(false);
  return model;
}

void write_tiny_llm(const nn::Path& file, const Llama& model, nn::Metadata metadata) {
  const LlamaConfig& c = model.config();
  AG_CHECK(c.vocabulary == ByteTokenizer().vocabulary(), "write_tiny_llm: the vocabulary is ", c.vocabulary,
           ", not the byte tokenizer's");
  AG_CHECK(!c.head_dim && !c.qkv_bias && !c.qk_norm && c.rope_divisors.empty(),
           "write_tiny_llm: the file has no place for what this model has");
  metadata[kConfigKey] = nn::json_text(to_json(c));
  nn::write_safetensors(file, model.named_parameters(), metadata);
}

}  // namespace models
