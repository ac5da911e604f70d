#include "models/formats/language_model.h"

#include <fstream>
#include <map>

#include "models/formats/gguf_llama.h"
#include "models/formats/gguf_tokenizer.h"
#include "models/formats/hugging_face.h"
#include "models/formats/tiny_file.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/io/hash.h"

namespace models {
namespace {

enum class Kind : uint8_t { Gguf, Folder, Tiny };

Kind kind_of(const nn::Path& path) {
  std::error_code error;
  INPUT_CHECK(std::filesystem::exists(path, error) || error, path.string(),
              ": there is no such language model; expected a GGUF file or a Hugging Face folder");
  if (std::filesystem::is_directory(path, error)) return Kind::Folder;
  std::ifstream in(path, std::ios::binary);
  std::string magic(4, '\0');
  in.read(magic.data(), 4);
  return magic != "GGUF" && path.extension() == ".safetensors" ? Kind::Tiny : Kind::Gguf;
}

CheckedModel fitting(LlamaConfig config, std::unique_ptr<Tokenizer> tokenizer, const std::string& file) {
  const int64_t tokens = tokenizer->vocabulary(), rows = config.vocabulary;
  INPUT_CHECK(tokens <= rows, file, ": the tokenizer has ", tokens,
              " tokens; expected at most the token table's ", rows);
  return {std::move(config), std::move(tokenizer)};
}

CheckedModel check_gguf(const GgufFile& file) {
  auto tokenizer = tokenizer_from_gguf(file);
  return fitting(checked_gguf_config(file), std::move(tokenizer), file.path());
}

CheckedModel check_folder(const nn::Path& folder) {
  auto tokenizer = load_hugging_face_tokenizer(folder);
  return fitting(checked_hugging_face_config(folder), std::move(tokenizer), folder.string());
}

// The byte tokenizer is the only one: its vocabulary is part of the file's check.
CheckedModel check_tiny(const nn::Path& path) {
  return {checked_tiny_config(path), std::make_unique<ByteTokenizer>()};
}

LanguageModel load_gguf(const nn::Path& path) {
  const GgufFile file(path);
  CheckedModel checked = check_gguf(file);
  LanguageModel llm;
  llm.name = file.string_or("general.name", path.stem().string());
  llm.model = load_gguf_model(file, checked.config);
  llm.tokenizer = std::move(checked.tokenizer);
  return llm;
}

LanguageModel load_folder(const nn::Path& folder) {
  CheckedModel checked = check_folder(folder);
  LanguageModel llm;
  llm.model = load_hugging_face_model(folder);
  llm.tokenizer = std::move(checked.tokenizer);
  llm.name = std::filesystem::weakly_canonical(folder).filename().string();
  return llm;
}

LanguageModel load_tiny(const nn::Path& path) {
  LanguageModel llm;
  llm.model = load_tiny_model(path);
  llm.tokenizer = std::make_unique<ByteTokenizer>();
  llm.name = path.stem().string();
  return llm;
}

}  // namespace

LanguageModel load_language_model(const nn::Path& path) {
  const Kind kind = kind_of(path);
  if (kind == Kind::Folder) return load_folder(path);
  return kind == Kind::Tiny ? load_tiny(path) : load_gguf(path);
}

std::unique_ptr<Tokenizer> load_tokenizer(const nn::Path& path) {
  const Kind kind = kind_of(path);
  if (kind == Kind::Folder) return load_hugging_face_tokenizer(path);
  if (kind == Kind::Gguf) return tokenizer_from_gguf(GgufFile(path));
  checked_tiny_config(path);
  return std::make_unique<ByteTokenizer>();
}

CheckedModel check_language_model(const nn::Path& path) {
  const Kind kind = kind_of(path);
  if (kind == Kind::Folder) return check_folder(path);
  return kind == Kind::Tiny ? check_tiny(path) : check_gguf(GgufFile(path));
}

std::string language_model_hash(const nn::Path& path) {
  if (kind_of(path) != Kind::Folder) return nn::file_hash(path);
  std::map<std::string, nn::Path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const nn::Path extension = entry.path().extension();
    if (extension == ".json" || extension == ".safetensors") files[entry.path().filename()] = entry.path();
  }
  nn::Hash hash;
  for (const auto& [name, file] : files) hash.string(name + "=" + nn::file_hash(file));
  return hash.hex();
}

}  // namespace models
