#include "models/formats/language_model.h"

#include <fstream>
#include <map>

#include "models/formats/ggml_types.h"
#include "models/formats/gguf_model.h"
#include "models/formats/hugging_face.h"
#include "models/formats/tiny_file.h"
#include "models/llama/parameter_layout.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/io/hash.h"
#include "nn/io/text.h"

namespace models {
namespace {

enum class Kind : uint8_t { Gguf, Folder, Tiny };

bool begins_as_gguf(const nn::Path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string magic(4, '\0');
  in.read(magic.data(), 4);
  return magic == "GGUF";
}

Kind kind_of(const nn::Path& path) {
  std::error_code error;
  INPUT_CHECK(std::filesystem::exists(path, error) || error, path.string(),
              ": there is no such language model; expected a GGUF file or a Hugging Face folder");
  if (std::filesystem::is_directory(path, error)) return Kind::Folder;
  return !begins_as_gguf(path) && path.extension() == ".safetensors" ? Kind::Tiny : Kind::Gguf;
}

CheckedModel check_gguf(const GgufFile& file) {
  auto tokenizer = tokenizer_from_gguf(file);
  return {checked_gguf_config(file), std::move(tokenizer)};
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
  return {kind == Kind::Folder ? checked_hugging_face_config(path) : checked_tiny_config(path),
          std::move(tokenizer)};
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

void need_rows(const std::vector<int32_t>& ids, int64_t rows, const std::string& text) {
  for (const int32_t id : ids) {
    INPUT_CHECK(id < rows, nn::quote(text), " has the token ", id, ", but the model's token table has ", rows,
                " rows; hint: the tokenizer is that of a larger model");
  }
}

nn::StoredTypes stored_types(const nn::Path& path) {
  if (kind_of(path) == Kind::Folder) return hugging_face_types(path);
  const GgufFile file(path);
  nn::StoredTypes types;
  for (const LayoutEntry& entry : layout_of(checked_gguf_config(file))) {
    const std::string type = find_ggml_type(file.find(entry.gguf_name)->type)->name;
    types[entry.name] = type == "F16" || type == "BF16" ? type : "F32";
  }
  return types;
}

bool may_be_language_model(const nn::Path& path) {
  return std::filesystem::is_directory(path) || path.extension() == ".safetensors" || begins_as_gguf(path);
}

std::string language_model_hash(const nn::Path& path) {
  const Kind kind = kind_of(path);
  std::map<std::string, nn::Path> files;
  if (kind == Kind::Folder) {
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      const nn::Path extension = entry.path().extension();
      if (extension == ".json" || extension == ".safetensors") files[entry.path().filename()] = entry.path();
    }
  } else if (kind == Kind::Gguf) {
    for (const nn::Path& file : GgufFile(path).files()) files[file.filename()] = file;
  }
  if (kind == Kind::Tiny || (kind == Kind::Gguf && files.size() == 1)) return nn::file_hash(path);
  nn::Hash hash;
  for (const auto& [name, file] : files) hash.string(name + "=" + nn::file_hash(file));
  return hash.hex();
}

}  // namespace models
