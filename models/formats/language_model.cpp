#include "models/formats/language_model.h"

#include <fstream>
#include <map>

#include "models/formats/gguf_model.h"
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

}  // namespace

std::unique_ptr<Tokenizer> load_tokenizer(const nn::Path& path) {
  const Kind kind = kind_of(path);
  if (kind == Kind::Folder) return load_hugging_face_tokenizer(path);
  if (kind == Kind::Gguf) return tokenizer_from_gguf(GgufFile(path));
  checked_tiny_config(path);
  return std::make_unique<ByteTokenizer>();
}

CheckedModel check_language_model(const nn::Path& path) {
  const Kind kind = kind_of(path);
  if (kind == Kind::Gguf) return check_gguf(GgufFile(path));
  auto tokenizer = load_tokenizer(path);
  return fitting(kind == Kind::Folder ? checked_hugging_face_config(path) : checked_tiny_config(path),
                 std::move(tokenizer), path.string());
}

LanguageModel load_language_model(const nn::Path& path) {
  const Kind kind = kind_of(path);
  if (kind == Kind::Gguf) {
    const GgufFile file(path);
    CheckedModel checked = check_gguf(file);
    return {load_gguf_model(file, checked.config), std::move(checked.tokenizer),
            file.string_or("general.name", path.stem().string())};
  }
  CheckedModel checked = check_language_model(path);
  if (kind == Kind::Tiny) return {load_tiny_model(path), std::move(checked.tokenizer), path.stem().string()};
  return {load_hugging_face_model(path), std::move(checked.tokenizer),
          std::filesystem::weakly_canonical(path).filename().string()};
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
