#include "models/formats/gguf_model.h"

#include <algorithm>
#include <map>

#include "models/llama/parameter_layout.h"
#include "nn/io/text.h"

namespace models {
namespace {

using ag::Shape;
using ag::Tensor;

constexpr const char *kTable = "token_embd.weight", *kOutput = "output.weight",
                     *kRopeDivisors = "rope_freqs.weight";

// The architecture; the names of its keys begin with it.
std::string architecture_of(const GgufFile& file) {
  const std::string name = file.string("general.architecture");
  INPUT_CHECK(name == "llama" || name == "qwen2" || name == "qwen3", file.path(), ": the architecture is ",
              nn::quote(name),
              "; expected 'llama', 'qwen2' or 'qwen3'; hint: Llama 2 and 3, TinyLlama, SmolLM2, Mistral, "
              "Qwen2.5 and Qwen3 without experts are of these");
  return name;
}

// A key that would change the computation must be absent or have the neutral value.
void refuse_unsupported_keys(const GgufFile& file, const std::string& prefix, const LlamaConfig& config) {
  const auto refuse_unless = [&](const char* name, double only, const char* what) {
    const std::string key = prefix + name;
    INPUT_CHECK(file.number_or(key, only) == only, file.path(), ": key '", key, "' is ", file.number(key),
                "; ", what, " not supported");
  };
  refuse_unless("rope.scaling.attn_factor", 1, "scaled attention is");
  refuse_unless("expert_count", 0, "experts are");
  INPUT_CHECK(file.flag_or(prefix + "attention.causal", true), file.path(), ": key '", prefix,
              "attention.causal' is false; bidirectional attention is not supported");
  const std::string window_key = prefix + "attention.sliding_window";
  const int64_t window = file.integer_or(window_key, 0);  // 0: no window
  INPUT_CHECK(window == 0 || window >= config.context, file.path(), ": key '", window_key, "' is ", window,
              ", less than the context of ", config.context, "; a sliding window is not supported");
  for (const char* name : {"rope.dimension_count", "attention.value_length"}) {
    const std::string key = prefix + name;
    INPUT_CHECK(file.integer_or(key, config.head_size()) == config.head_size(), file.path(), ": key '", key,
                "' is ", file.integer(key), "; expected the size of a head, ", config.head_size());
  }
}

// The factor by which all positions are divided. As in llama.cpp, a factor without a type is linear, and is
// ignored if the type is none.
double linear_factor(const GgufFile& file, const std::string& prefix) {
  const std::string type_key = prefix + "rope.scaling.type", type = file.string_or(type_key, "linear");
  INPUT_CHECK(type == "none" || type == "linear", file.path(), ": key '", type_key, "' is ", nn::quote(type),
              "; supported scaled rotary positions are 'linear' and Llama 3's");
  if (type == "none") return 1;
  const double older = file.number_or(prefix + "rope.scale_linear", 1);
  const double factor = file.number_or(prefix + "rope.scaling.factor", older);
  return factor == 0 ? 1 : factor;  // 0: no factor
}

// Llama 3's divisors (D/2) are a tensor; a linear factor multiplies them.
std::vector<double> rope_divisors(const GgufFile& file, const std::string& prefix,
                                  const LlamaConfig& config) {
  const double factor = linear_factor(file, prefix);
  const Shape expected = {config.head_size() / 2};
  const auto* info = file.find(kRopeDivisors);
  if (!info && factor == 1) return {};
  std::vector<double> divisors(static_cast<size_t>(expected[0]), factor);
  if (!info) return divisors;
  INPUT_CHECK(info->shape == expected, file.path(), ": tensor '", kRopeDivisors, "' has shape ", info->shape,
              "; expected half the size of a head, ", expected);
  const Tensor stored = file.load(kRopeDivisors);
  for (size_t i = 0; i < divisors.size(); ++i) divisors[i] *= stored.data()[i];
  return divisors;
}

// The output is tied to the token table if the file has no output matrix, or one with the same bytes.
bool is_tied(const GgufFile& file) { return !file.find(kOutput) || file.same_data(kOutput, kTable); }

LlamaConfig config_from_gguf(const GgufFile& file, const std::string& architecture) {
  const auto* table = file.find(kTable);
  INPUT_CHECK(table && table->shape.size() == 2, file.path(), ": has no tensor '", kTable,
              "' of two dimensions");
  const std::string prefix = architecture + ".";
  LlamaConfig config;
  config.vocabulary = table->shape[0];
  config.hidden = file.integer(prefix + "embedding_length");
  config.intermediate = file.integer(prefix + "feed_forward_length");
  config.layers = file.integer(prefix + "block_count");
  config.heads = file.integer(prefix + "attention.head_count");
  config.kv_heads = file.integer_or(prefix + "attention.head_count_kv", config.heads);
  config.head_dim = file.integer_or(prefix + "attention.key_length", 0);
  config.context = file.integer(prefix + "context_length");
  config.rms_eps = file.number(prefix + "attention.layer_norm_rms_epsilon");
  config.rope_theta = file.number_or(prefix + "rope.freq_base", 10000);
  config.qkv_bias = architecture == "qwen2";
  config.qk_norm = architecture == "qwen3";
  return config;  // without tied and rope_divisors
}

std::map<std::string, Shape> shapes_of_parameters(const GgufFile& file, const LlamaConfig& config) {
  std::map<std::string, Shape> found;
  for (const auto& info : file.tensors()) found[info.name] = info.shape;
  if (config.tied) found.erase(kOutput);
  found.erase(kRopeDivisors);
  return found;
}

// llama.cpp stores the rows of q and k so that the two numbers of a rotated pair are neighbours: its row
// h*D + 2*j + i is Hugging Face's row h*D + i*D/2 + j (i = 0, 1; D is the head size).
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

}  // namespace

LlamaConfig checked_gguf_config(const GgufFile& file) {
  const std::string architecture = architecture_of(file), prefix = architecture + ".";
  LlamaConfig config = config_from_gguf(file, architecture);
  check_config(config, file.path(), file.tensors().size());
  refuse_unsupported_keys(file, prefix, config);
  config.tied = is_tied(file);
  check_tensors(layout_of(config), &LayoutEntry::gguf_name, shapes_of_parameters(file, config), file.path());
  config.rope_divisors = rope_divisors(file, prefix, config);
  check_config(config, file.path(), file.tensors().size());  // again, with the divisors
  return config;
}

std::unique_ptr<Llama> load_gguf_model(const GgufFile& file, const LlamaConfig& config) {
  need_memory_for(config, file.path());
  const bool permuted = architecture_of(file) == "llama";  // the others' rows are in Hugging Face's order

  auto model = std::make_unique<Llama>(config);
  // Loads each tensor directly into its parameter, so that no second copy of the model is in memory.
  const auto parameters = parameters_by_name(*model);
  for (const LayoutEntry& entry : layout_of(config)) {
    Tensor parameter = parameters.at(entry.name);
    file.load_into(entry.gguf_name, parameter);
    if (permuted && entry.rotated_heads) undo_row_permutation(parameter, entry.rotated_heads);
  }
  model->requires_grad(false);
  return model;
}

}  // namespace models
