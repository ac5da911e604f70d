#include "models/formats/hugging_face.h"

#include <algorithm>
#include <set>

#include "models/llama/parameter_layout.h"
#include "models/tokenizers/tokenizer_json.h"
#include "nn/io/json.h"
#include "nn/io/text.h"

namespace models {
namespace {

using ag::Tensor;
using nn::Json;

constexpr const char *kConfig = "config.json", *kWeights = "model.safetensors",
                     *kIndex = "model.safetensors.index.json", *kTokenizer = "tokenizer.json";
constexpr const char* kOutputName = "lm_head.weight";

bool is_there(const nn::Path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// The file and position of a tensor.
struct Place {
  const nn::SafetensorsFile* file;
  const nn::SafetensorsFile::TensorInfo* info;
};

// The tensors of a model, from one or several files.
class Weights {
 public:
  explicit Weights(const nn::Path& folder) : folder_(folder.string()) {
    if (is_there(folder / kWeights)) {
      add(folder / kWeights);
    } else {
      INPUT_CHECK(is_there(folder / kIndex), folder_, ": holds neither ", kWeights, " nor ", kIndex,
                  other_formats(folder));
      read_index(folder);
    }
  }
  const std::map<std::string, Place>& places() const { return places_; }  // by the parameter's name

 private:
  static std::string other_formats(const nn::Path& folder) {
    const bool pickled =
        is_there(folder / "pytorch_model.bin") || is_there(folder / "pytorch_model.bin.index.json");
    return pickled ? "; hint: pytorch_model.bin is not read; transformers' save_pretrained writes safetensors"
                   : "";
  }

  // "weight_map": {"model.norm.weight": "model-00002-of-00002.safetensors", ...}
  void read_index(const nn::Path& folder) {
    const std::string index = (folder / kIndex).string();
    std::map<std::string, std::string> listed;
    try {
      const auto json = nn::parse_json<Json>(nn::read_file(folder / kIndex, "index of the weights"), index);
      listed = json.at("weight_map").get<std::map<std::string, std::string>>();
    } catch (const Json::exception& problem) {
      throw ag::InputError(ag::message(index, ": is not an index of safetensors files: ", problem.what()));
    }
    std::set<std::string> shards;
    for (const auto& [tensor, shard] : listed) shards.insert(shard);
    for (const std::string& shard : shards) {
      INPUT_CHECK(!shard.empty() && nn::Path(shard).filename() == shard && shard != "..", index,
                  ": the file ", nn::quote(shard), " is not in the folder itself");
      INPUT_CHECK(is_there(folder / shard), index, ": the file ", nn::quote(shard),
                  " that it names is missing");
      for (const auto& info : add(folder / shard).tensors()) {
        const auto it = listed.find(info.name);
        INPUT_CHECK(it != listed.end() && it->second == shard, index, ": does not say that ",
                    nn::quote(shard), " holds the tensor ", nn::quote(info.name));
        listed.erase(it);
      }
    }
    INPUT_CHECK(listed.empty(), index, ": ", nn::quote(listed.begin()->second), " has no tensor ",
                nn::quote(listed.begin()->first), ", though the index says so");
  }

  const nn::SafetensorsFile& add(const nn::Path& path) {
    files_.push_back(std::make_unique<nn::SafetensorsFile>(path));
    const nn::SafetensorsFile& file = *files_.back();
    for (const auto& info : file.tensors()) {
      if (info.name.ends_with("rotary_emb.inv_freq")) continue;  // in old files; the config determines it
      const bool as_ours = info.name.starts_with("model.") || info.name == kOutputName;
      const bool is_new =
          places_.emplace(as_ours ? info.name : "model." + info.name, Place{&file, &info}).second;
      INPUT_CHECK(is_new, file.path(), ": the tensor ", nn::quote(info.name), " occurs twice");
      INPUT_CHECK(!info.is_integer(), file.path(), ": tensor ", nn::quote(info.name),
                  " holds integers; expected reals");
    }
    return file;
  }

  std::string folder_;
  std::vector<std::unique_ptr<nn::SafetensorsFile>> files_;
  std::map<std::string, Place> places_;
};

// If a tied model's file has an output matrix, it must equal the token table.
void check_tied_output(const Place& output, const Tensor& table) {
  INPUT_CHECK(output.info->shape == table.shape(), output.file->path(), ": ", kOutputName, " has shape ",
              output.info->shape, "; expected that of the token table it is tied to, ", table.shape());
  const Tensor own = output.file->load(*output.info);
  INPUT_CHECK(std::equal(own.data(), own.data() + own.numel(), table.data()), output.file->path(), ": ",
              kOutputName, " is not the token table, though config.json says so; hint: tie_word_embeddings");
}

void check_against(const Weights& weights, const LlamaConfig& config, const nn::Path& folder) {
  check_config(config, folder.string(), weights.places().size());
  std::map<std::string, ag::Shape> found;
  for (const auto& [name, place] : weights.places()) found[name] = place.info->shape;
  if (config.tied) found.erase(kOutputName);
  check_tensors(layout_of(config), &LayoutEntry::name, std::move(found), folder.string());
}

}  // namespace

LlamaConfig checked_hugging_face_config(const nn::Path& folder) {
  const LlamaConfig config = read_hugging_face_config(folder / kConfig);
  check_against(Weights(folder), config, folder);
  return config;
}

std::unique_ptr<Llama> load_hugging_face_model(const nn::Path& folder) {
  const LlamaConfig config = read_hugging_face_config(folder / kConfig);
  const Weights weights(folder);
  check_against(weights, config, folder);
  need_memory_for(config, folder.string());

  auto model = std::make_unique<Llama>(config);
  // Loads each tensor directly into its parameter, so that no second copy of the model is in memory.
  for (auto& [name, parameter] : parameters_by_name(*model)) {
    const Place& place = weights.places().at(name);
    place.file->load_into(*place.info, parameter);
  }
  const auto output = weights.places().find(kOutputName);
  if (config.tied && output != weights.places().end())
    check_tied_output(output->second, model->token_table());
  model->requires_grad(false);
  return model;
}

nn::StoredTypes hugging_face_types(const nn::Path& folder) {
  const Weights weights(folder);
  nn::StoredTypes types;
  for (const auto& [name, place] : weights.places()) types[name] = place.info->dtype;
  return types;
}

void write_hugging_face_weights(const nn::Path& folder, const nn::NamedTensors& tensors,
                                const nn::StoredTypes& types, int64_t limit) {
  std::vector<nn::NamedTensors> shards(1);
  int64_t numbers = 0, bytes = 0, in_shard = 0;
  for (const auto& named : tensors) {
    const int64_t size = named.second.numel() * nn::width_of(types.at(named.first));
    if (in_shard + size > limit && in_shard > 0) {
      shards.emplace_back();
      in_shard = 0;
    }
    shards.back().push_back(named);
    in_shard += size;
    bytes += size;
    numbers += named.second.numel();
  }
  const nn::Metadata metadata = {{"format", "pt"}};
  if (shards.size() == 1) return nn::write_safetensors(folder / kWeights, tensors, metadata, types);
  Json places = Json::object();
  for (size_t i = 0; i < shards.size(); ++i) {
    const std::string name =
        "model-" + nn::numbered(static_cast<int64_t>(i), std::ssize(shards)) + ".safetensors";
    nn::write_safetensors(folder / name, shards[i], metadata, types);
    for (const auto& named : shards[i]) places[named.first] = name;
  }
  const Json index = {{"metadata", {{"total_parameters", numbers}, {"total_size", bytes}}},
                      {"weight_map", places}};
  nn::write_atomically(folder / kIndex, nn::json_text(index, 2) + "\n");
}

std::unique_ptr<Tokenizer> load_hugging_face_tokenizer(const nn::Path& folder) {
  // Checked first: a folder without config.json is not a model.
  INPUT_CHECK(
      is_there(folder / kConfig), folder.string(),
      ": this folder has no config.json; expected a Hugging Face folder of a language model, or a file");
  INPUT_CHECK(
      is_there(folder / kTokenizer), folder.string(),
      ": has no tokenizer.json; hint: transformers' AutoTokenizer.from_pretrained(...).save_pretrained(...) "
      "writes one");
  return tokenizer_from_json(folder / kTokenizer);
}

}  // namespace models
