#include "models/load_llm.h"

#include <algorithm>
#include <fstream>
#include <map>

#include "models/byte_tokenizer.h"
#include "nn/json.h"
#include "nn/memory.h"

namespace models {
namespace {

using ag::Shape;
using ag::Tensor;
using Json = nlohmann::json;

constexpr int64_t kLargest = int64_t{1} << 31;  // of any size in a configuration: products stay below 2^63

// --- what a model of this configuration holds -----------------------------------------------------------------

struct Entry {
  std::string name, gguf_name;
  Shape shape;
  int64_t rotated_heads = 0;  // of q and k, whose rows GGUF orders differently
};

std::vector<Entry> entries_of(const LlamaConfig& c) {
  const int64_t kv = c.kv_heads * c.head_size();
  std::vector<Entry> entries = {{"model.embed_tokens.weight", "token_embd.weight", {c.vocabulary, c.hidden}}};
  for (int64_t i = 0; i < c.layers; ++i) {
    const std::string ours = "model.layers." + std::to_string(i) + ".",
                      theirs = "blk." + std::to_string(i) + ".";
    const auto add = [&](const char* name, const char* gguf_name, Shape shape, int64_t rotated_heads = 0) {
      entries.push_back(
          {ours + name + ".weight", theirs + gguf_name + ".weight", std::move(shape), rotated_heads});
    };
    add("self_attn.q_proj", "attn_q", {c.hidden, c.hidden}, c.heads);
    add("self_attn.k_proj", "attn_k", {kv, c.hidden}, c.kv_heads);
    add("self_attn.v_proj", "attn_v", {kv, c.hidden});
    add("self_attn.o_proj", "attn_output", {c.hidden, c.hidden});
    add("mlp.gate_proj", "ffn_gate", {c.intermediate, c.hidden});
    add("mlp.up_proj", "ffn_up", {c.intermediate, c.hidden});
    add("mlp.down_proj", "ffn_down", {c.hidden, c.intermediate});
    add("input_layernorm", "attn_norm", {c.hidden});
    add("post_attention_layernorm", "ffn_norm", {c.hidden});
  }
  entries.push_back({"model.norm.weight", "output_norm.weight", {c.hidden}});
  if (!c.tied) entries.push_back({"lm_head.weight", "output.weight", {c.vocabulary, c.hidden}});
  return entries;
}

// `tensors` is the number of tensors in the file: more layers are refused before their names are listed.
void check_config(const LlamaConfig& c, const std::string& file, size_t tensors) {
  const auto check = [&](const char* what, int64_t found, int64_t most) {
    INPUT_CHECK(found >= 1 && found <= most, file, ": the model's ", what, " is ", found, "; expected 1 to ",
                most);
  };
  check("vocabulary", c.vocabulary, kLargest);
  check("hidden size", c.hidden, kLargest);
  check("feed-forward size", c.intermediate, kLargest);
  check("context length", c.context, kLargest);
  check("number of heads", c.heads, c.hidden);
  check("number of key heads", c.kv_heads, c.heads);
  INPUT_CHECK(c.layers >= 1 && c.layers <= static_cast<int64_t>(tensors), file,
              ": the model's number of layers is ", c.layers, ", but the file has ", tensors, " tensors");
  INPUT_CHECK(c.hidden % c.heads == 0 && c.heads % c.kv_heads == 0 && c.head_size() % 2 == 0, file,
              ": the model's hidden size ", c.hidden, ", ", c.heads, " heads and ", c.kv_heads,
              " key heads do not fit; expected each to divide the one before, and heads of an even size");
  INPUT_CHECK(c.rms_eps > 0 && c.rms_eps < 1, file, ": the epsilon of the norms is ", c.rms_eps,
              "; expected above 0 and below 1");
  INPUT_CHECK(c.rope_theta >= 1 && c.rope_theta < 1e12, file, ": the base of the rotary positions is ",
              c.rope_theta, "; expected 1 to 1e12");
}

constexpr size_t kShownProblems = 20;

// Every entry is among `found` in its shape, and nothing else is. `gguf` says which of the names the file uses.
void check_tensors(const std::vector<Entry>& entries, std::map<std::string, Shape> found, bool gguf,
                   const std::string& file) {
  std::vector<std::string> problems;
  for (const Entry& entry : entries) {
    const std::string& name = gguf ? entry.gguf_name : entry.name;
    const auto it = found.find(name);
    if (it == found.end()) {
      problems.push_back("missing: " + name);
      continue;
    }
    if (it->second != entry.shape)
      problems.push_back(ag::message(name, " has shape ", it->second, ", expected ", entry.shape));
    found.erase(it);
  }
  for (const auto& [name, shape] : found) {
    std::string why;
    if (name == "rope_freqs.weight") why = " (scaled rotary positions, as in Llama 3)";
    if (name.ends_with(".bias")) why = " (the architecture llama has no biases here)";
    problems.push_back("not supported: " + quote(name) + why);
  }
  std::string text;
  for (size_t i = 0; i < std::min(problems.size(), kShownProblems); ++i) text += "; " + problems[i];
  if (problems.size() > kShownProblems)
    text += ag::message("; and ", problems.size() - kShownProblems, " more");
  INPUT_CHECK(problems.empty(), file, ": its tensors do not fit its configuration", text);
}

std::map<std::string, Tensor> parameters_by_name(const Llama& model) {
  const nn::NamedTensors list = model.named_parameters();
  return {list.begin(), list.end()};
}

// --- GGUF -----------------------------------------------------------------------------------------------------

void check_architecture(const GgufFile& file) {
  const std::string architecture = file.text("general.architecture");
  INPUT_CHECK(architecture == "llama", file.path(), ": the architecture is ", quote(architecture),
              "; expected 'llama'; hint: Llama 2, TinyLlama and SmolLM are of this family");
}

// Keys that change what the model computes. Each must be absent or say that nothing is changed.
void refuse_unsupported_keys(const GgufFile& file, const LlamaConfig& config) {
  const std::string scaling = "llama.rope.scaling.";
  INPUT_CHECK(file.text_or(scaling + "type", "none") == "none", file.path(), ": key '", scaling, "type' is ",
              quote(file.text(scaling + "type")), "; scaled rotary positions are not supported");
  for (const std::string& key :
       {scaling + "factor", scaling + "attn_factor", std::string("llama.rope.scale_linear")}) {
    INPUT_CHECK(file.number_or(key, 1) == 1, file.path(), ": key '", key, "' is ", file.number(key),
                "; scaled rotary positions are not supported");
  }
  INPUT_CHECK(file.integer_or("llama.expert_count", 0) == 0, file.path(), ": key 'llama.expert_count' is ",
              file.integer("llama.expert_count"), "; experts are not supported");
  for (const char* key :
       {"llama.rope.dimension_count", "llama.attention.key_length", "llama.attention.value_length"}) {
    INPUT_CHECK(file.integer_or(key, config.head_size()) == config.head_size(), file.path(), ": key '", key,
                "' is ", file.integer(key), "; expected the hidden size divided by the heads, ",
                config.head_size());
  }
}

// The output is tied to the token table where the file has none of its own, or the same numbers twice.
bool is_tied(const GgufFile& file) {
  const auto *output = file.find("output.weight"), *table = file.find("token_embd.weight");
  if (!output) return true;
  if (output->type != table->type || output->shape != table->shape) return false;
  const Tensor a = file.load("output.weight"), b = file.load("token_embd.weight");
  return std::equal(a.data(), a.data() + a.numel(), b.data());
}

LlamaConfig config_from_gguf(const GgufFile& file) {
  const auto* table = file.find("token_embd.weight");
  INPUT_CHECK(table && table->shape.size() == 2, file.path(),
              ": has no tensor 'token_embd.weight' of two dimensions");
  LlamaConfig config;
  config.vocabulary = table->shape[0];
  config.hidden = file.integer("llama.embedding_length");
  config.intermediate = file.integer("llama.feed_forward_length");
  config.layers = file.integer("llama.block_count");
  config.heads = file.integer("llama.attention.head_count");
  config.kv_heads = file.integer_or("llama.attention.head_count_kv", config.heads);
  config.context = file.integer("llama.context_length");
  config.rms_eps = file.number("llama.attention.layer_norm_rms_epsilon");
  config.rope_theta = file.number_or("llama.rope.freq_base", 10000);
  return config;
}

// llama.cpp stores the rows of each head of q and k so that the two numbers of a rotated pair are neighbours: its row
// h*D + 2*j + i is Hugging Face's row h*D + i*D/2 + j (i = 0, 1; D the head size).
void undo_row_permutation(Tensor& weight /*(heads*D,C)*/, int64_t heads) {
  const int64_t D = weight.dim(0) / heads, C = weight.dim(1);
  std::vector<ag::real> head(static_cast<size_t>(D * C));
  for (int64_t h = 0; h < heads; ++h) {
    ag::real* rows = weight.data() + h * D * C;
    std::copy(rows, rows + D * C, head.begin());
    for (int64_t j = 0; j < D / 2; ++j) {
      for (int64_t i = 0; i < 2; ++i)
        std::copy_n(head.begin() + (2 * j + i) * C, C, rows + (i * (D / 2) + j) * C);
    }
  }
}

int64_t parameter_bytes(const GgufFile& file) {
  int64_t numbers = 0;
  for (const auto& info : file.tensors()) numbers += ag::numel(info.shape);
  return numbers * static_cast<int64_t>(sizeof(ag::real));
}

void need_memory(int64_t bytes, const nn::Path& file) {
  nn::need_memory(bytes, file.string() + ": the language model", "a smaller model needs less");
}

LanguageModel load_gguf(const nn::Path& path) {
  const GgufFile file(path);
  check_architecture(file);
  LlamaConfig config = config_from_gguf(file);
  check_config(config, file.path(), file.tensors().size());
  refuse_unsupported_keys(file, config);
  need_memory(parameter_bytes(file), path);
  config.tied = is_tied(file);
  std::map<std::string, Shape> found;
  for (const auto& info : file.tensors()) found[info.name] = info.shape;
  if (config.tied) found.erase("output.weight");
  const std::vector<Entry> entries = entries_of(config);
  check_tensors(entries, std::move(found), true, file.path());

  LanguageModel result;
  result.tokenizer = tokenizer_from_gguf(file);
  INPUT_CHECK(result.tokenizer->vocabulary() <= config.vocabulary, file.path(), ": the tokenizer has ",
              result.tokenizer->vocabulary(), " tokens; expected at most the token table's ",
              config.vocabulary);
  result.name = file.text_or("general.name", path.stem().string());
  result.model = std::make_unique<Llama>(config);
  // Tensor by tensor straight into the parameters: no second copy of the model is ever in memory.
  const auto parameters = parameters_by_name(*result.model);
  for (const Entry& entry : entries) {
    Tensor parameter = parameters.at(entry.name);
    file.load_into(entry.gguf_name, parameter);
    if (entry.rotated_heads) undo_row_permutation(parameter, entry.rotated_heads);
  }
  result.model->requires_grad(false);
  return result;
}

// --- the tiny model -------------------------------------------------------------------------------------------

Json to_json(const LlamaConfig& c) {
  return {{"vocabulary", c.vocabulary},
          {"hidden", c.hidden},
          {"intermediate", c.intermediate},
          {"layers", c.layers},
          {"heads", c.heads},
          {"kv_heads", c.kv_heads},
          {"context", c.context},
          {"rms_eps", c.rms_eps},
          {"rope_theta", c.rope_theta},
          {"tied", c.tied}};
}

constexpr const char* kConfigKey = "config";

LlamaConfig config_from_metadata(const nn::Metadata& metadata, const std::string& file) {
  INPUT_CHECK(metadata.contains(kConfigKey), file,
              ": is no language model; expected a GGUF file, or the tiny_llm.safetensors of a run");
  try {
    const auto json = nn::parse_json<Json>(metadata.at(kConfigKey), file);
    LlamaConfig c;
    const auto integer = [&](const char* key) { return nn::json_integer(json, key, file); };
    c.vocabulary = integer("vocabulary");
    c.hidden = integer("hidden");
    c.intermediate = integer("intermediate");
    c.layers = integer("layers");
    c.heads = integer("heads");
    c.kv_heads = integer("kv_heads");
    c.context = integer("context");
    c.rms_eps = json.at("rms_eps").get<double>();
    c.rope_theta = json.at("rope_theta").get<double>();
    c.tied = json.at("tied").get<bool>();
    return c;
  } catch (const Json::exception& problem) {
    throw ag::InputError(ag::message(
        file, ": the configuration in its metadata is not that of a tiny model: ", problem.what()));
  }
}

LanguageModel load_tiny(const nn::Path& path) {
  const std::string file = path.string();
  nn::TensorFile stored = nn::read_safetensors(path);
  const LlamaConfig config = config_from_metadata(stored.metadata, file);
  check_config(config, file, stored.tensors.size());
  std::map<std::string, Shape> found;
  for (const auto& [name, tensor] : stored.tensors) {
    INPUT_CHECK(tensor.dtype() == ag::DType::Real, file, ": tensor '", name,
                "' holds integers; expected reals");
    found[name] = tensor.shape();
  }
  check_tensors(entries_of(config), std::move(found), false, file);
  LanguageModel result;
  result.tokenizer = std::make_unique<ByteTokenizer>();
  INPUT_CHECK(config.vocabulary == result.tokenizer->vocabulary(), file, ": the vocabulary is ",
              config.vocabulary, "; expected the byte tokenizer's ", result.tokenizer->vocabulary());
  result.name = path.stem().string();
  result.model = std::make_unique<Llama>(config);
  result.model->load(stored.tensors, file);
  result.model->requires_grad(false);
  return result;
}

bool is_safetensors(const nn::Path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string magic(4, '\0');
  in.read(magic.data(), 4);
  return magic != "GGUF" && path.extension() == ".safetensors";
}

}  // namespace

int64_t parameter_bytes(const nn::Path& file) {
  if (!is_safetensors(file)) return parameter_bytes(GgufFile(file));
  std::error_code error;
  const auto bytes = static_cast<int64_t>(std::filesystem::file_size(file, error));
  INPUT_CHECK(!error, file.string(), ": cannot be read: ", error.message());
  return bytes;  // reals as this program writes them
}

LanguageModel load_language_model(const nn::Path& file) {
  if (is_safetensors(file)) need_memory(parameter_bytes(file), file);
  return is_safetensors(file) ? load_tiny(file) : load_gguf(file);
}

std::unique_ptr<Tokenizer> load_tokenizer(const nn::Path& file) {
  if (is_safetensors(file)) {
    config_from_metadata(nn::read_safetensors_metadata(file), file.string());
    return std::make_unique<ByteTokenizer>();
  }
  return tokenizer_from_gguf(GgufFile(file));
}

void write_tiny_llm(const nn::Path& file, const Llama& model, nn::Metadata metadata) {
  AG_CHECK(model.config().vocabulary == ByteTokenizer().vocabulary(), "write_tiny_llm: the vocabulary is ",
           model.config().vocabulary, ", not the byte tokenizer's");
  metadata[kConfigKey] = to_json(model.config()).dump();
  nn::write_safetensors(file, model.named_parameters(), metadata);
}

}  // namespace models
