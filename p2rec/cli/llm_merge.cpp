#include "p2rec/cli/llm_merge.h"

#include <map>

#include "models/formats/gguf_model.h"
#include "models/formats/hugging_face.h"
#include "models/formats/language_model.h"
#include "nn/io/json.h"
#include "nn/lora.h"
#include "nn/peft_adapter.h"

namespace p2rec {
namespace {

namespace fs = std::filesystem;
using nn::OrderedJson;

constexpr const char *kModelConfig = "config.json", *kTokenizer = "tokenizer.json",
                     *kTokenizerConfig = "tokenizer_config.json", *kGeneration = "generation_config.json";

// A folder written as NAME.partial, which finish() renames. The destructor removes an unfinished one.
class NewFolder {
 public:
  explicit NewFolder(const nn::Path& path) : path_(path.lexically_normal()) {
    if (!path_.has_filename()) path_ = path_.parent_path();  // "DIR/"
    std::error_code error;
    const bool is_free =
        !fs::exists(path_, error) || (fs::is_directory(path_, error) && fs::is_empty(path_, error));
    INPUT_CHECK(is_free, "--out: ", path_.string(),
                " exists and is not an empty folder; expected a new or an empty folder");
    partial_ = path_;
    partial_ += ".partial";
    INPUT_CHECK(!fs::exists(partial_, error), partial_.string(),
                ": exists already; hint: a killed merge left it; remove it");
    nn::make_folder(partial_);
  }
  ~NewFolder() {
    std::error_code ignored;
    if (!partial_.empty()) fs::remove_all(partial_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  const nn::Path& path() const { return partial_; }
  nn::Path operator/(const char* name) const { return partial_ / name; }
  void finish() {
    std::error_code error;
    fs::rename(partial_, path_, error);
    AG_CHECK(!error, path_.string(), ": cannot be made: ", error.message());
    partial_.clear();
  }

 private:
  nn::Path path_, partial_;
};

void write_json(const nn::Path& file, const OrderedJson& json) {
  nn::write_atomically(file, nn::json_text(json, 2) + "\n");
}

// Copies the base's tokenizer and generation files unchanged.
void copy_from_folder(const nn::Path& base, const NewFolder& folder) {
  for (const char* name :
       {kTokenizer, kTokenizerConfig, kGeneration, "special_tokens_map.json", "added_tokens.json",
        "tokenizer.model", "vocab.json", "merges.txt", "chat_template.jinja"}) {
    if (fs::exists(base / name)) nn::write_atomically(folder / name, nn::read_file(base / name, "file"));
  }
}

using TokenIds = std::map<std::string, int64_t>;  // "eos_token_id", ...

TokenIds token_ids_of(const models::GgufFile& gguf, const models::Tokenizer& tokenizer) {
  TokenIds ids;
  for (const char* name : {"bos", "eos"}) {
    const std::string key = std::string("tokenizer.ggml.") + name + "_token_id";
    if (!gguf.has(key)) continue;
    const int64_t id = gguf.integer(key);
    INPUT_CHECK(id >= 0 && id < tokenizer.vocabulary(), gguf.path(), ": key '", key, "' is ", id,
                "; expected an id below ", tokenizer.vocabulary());
    ids[std::string(name) + "_token_id"] = id;
  }
  return ids;
}

// tokenizer_config.json: "eos_token": "<|im_end|>", ...
OrderedJson tokenizer_config(const models::LanguageModel& llm, const TokenIds& ids,
                             const std::string& chat_template) {
  OrderedJson json = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                      {"model_max_length", llm.model->config().context},
                      {"clean_up_tokenization_spaces", false}};
  if (!chat_template.empty()) json["chat_template"] = chat_template;
  for (const auto& [name, id] : ids) {
    const auto token = static_cast<int32_t>(id);
    json[name.substr(0, name.rfind("_id"))] = llm.tokenizer->decode({&token, 1});
  }
  return json;
}

// Writes tokenizer_config.json and generation_config.json if the base has none.
void write_missing(const NewFolder& folder, const models::LanguageModel& llm, const TokenIds& ids,
                   const std::string& chat_template = "") {
  if (!fs::exists(folder / kTokenizerConfig))
    write_json(folder / kTokenizerConfig, tokenizer_config(llm, ids, chat_template));
  const std::vector<int32_t>& ends = llm.tokenizer->special().ends;
  if (fs::exists(folder / kGeneration) || ends.empty()) return;
  OrderedJson json(ids);
  if (ends.size() > 1) json["eos_token_id"] = ends;
  write_json(folder / kGeneration, json);
}

void write_from_folder(const NewFolder& folder, const nn::Path& base, const models::LanguageModel& llm,
                       const std::string& type) {
  copy_from_folder(base, folder);
  TokenIds ids;
  if (const auto& ends = llm.tokenizer->special().ends; !ends.empty()) ids["eos_token_id"] = ends[0];
  write_missing(folder, llm, ids);
  models::write_hugging_face_config(folder / kModelConfig, llm.model->config(), type, base / kModelConfig);
}

void write_from_gguf(const NewFolder& folder, const nn::Path& base, const models::LanguageModel& llm,
                     const std::string& type) {
  const models::GgufFile gguf(base);
  models::write_tokenizer_json(folder / kTokenizer, gguf);
  const TokenIds ids = token_ids_of(gguf, *llm.tokenizer);
  write_missing(folder, llm, ids, gguf.string_or("tokenizer.chat_template", ""));
  models::write_hugging_face_config(folder / kModelConfig, llm.model->config(), type, {}, ids);
}

// The type of each parameter in the new folder: `dtype`, or the base's type if `dtype` is empty.
nn::StoredTypes types_to_write(const nn::Path& base, const std::string& dtype) {
  nn::StoredTypes types = models::stored_types(base);
  if (dtype.empty()) return types;
  std::string wanted, names;
  for (const auto& [type, name] : models::torch_names()) {
    if (name == dtype) wanted = type;
    names += (names.empty() ? "" : ", ") + name;
  }
  INPUT_CHECK(!wanted.empty(), "--dtype: found ", dtype, "; expected one of ", names);
  for (auto& [name, type] : types) type = wanted;
  return types;
}

}  // namespace

std::string llm_merge(const nn::Path& base, const nn::Path& adapter, const nn::Path& out,
                      const MergeOptions& options) {
  INPUT_CHECK(
      base != "tiny" && base.extension() != ".safetensors", "--llm: found ", base.string(),
      "; expected a GGUF file or a Hugging Face folder; hint: transformers cannot load the tokenizer of a "
      "run's tiny model");
  const nn::StoredTypes types = types_to_write(base, options.dtype);
  const std::string& type = types.at("model.embed_tokens.weight");
  NewFolder folder(out);
  const models::LanguageModel llm = models::load_language_model(base);
  if (!adapter.empty()) {
    nn::read_adapter(adapter, *llm.model);
    nn::merge_lora(*llm.model);
    nn::detach_lora(*llm.model);
  }
  if (fs::is_directory(base)) {
    write_from_folder(folder, base, llm, type);
  } else {
    write_from_gguf(folder, base, llm, type);
  }
  models::write_hugging_face_weights(folder.path(), llm.model->named_parameters(), types,
                                     options.shard_bytes);
  folder.finish();
  return models::torch_names().at(type);
}

}  // namespace p2rec
