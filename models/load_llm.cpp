#include "models/load_llm.h"

#include <fstream>

#include "models/byte_tokenizer.h"
#include "models/hugging_face.h"
#include "models/load_gguf_llm.h"
#include "models/tiny_file.h"

namespace models {
namespace {

enum class Kind : uint8_t { Gguf, Folder, Tiny };

Kind kind_of(const nn::Path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return Kind::Folder;
  std::ifstream in(path, std::ios::binary);
  std::string magic(4, '\0');
  in.read(magic.data(), 4);
  return magic != "GGUF" && path.extension() == ".safetensors" ? Kind::Tiny : Kind::Gguf;
}

void check_vocabulary(const CheckedModel& checked, const std::string& file) {
  const int64_t tokens = checked.tokenizer->vocabulary(), rows = checked.config.vocabulary;
  INPUT_CHECK(tokens <= rows, file, ": the tokenizer has ", tokens,
              " tokens; expected at most the token table's ", rows);
}

CheckedModel check_gguf(const GgufFile& file) {
  CheckedModel checked;
  checked.tokenizer = tokenizer_from_gguf(file);
  checked.config = checked_gguf_config(file);
  check_vocabulary(checked, file.path());
  return checked;
}

CheckedModel check_folder(const nn::Path& folder) {
  CheckedModel checked;
  checked.tokenizer = load_hugging_face_tokenizer(folder);
  checked.config = checked_hugging_face_config(folder);
  check_vocabulary(checked, folder.string());
  return checked;
}

// The byte tokenizer is the only one: its vocabulary is part of the file's check.
CheckedModel check_tiny(const nn::Path& path) {
  CheckedModel checked;
  checked.config = checked_tiny_config(path);
  checked.tokenizer = std::make_unique<ByteTokenizer>();
  return checked;
}

LanguageModel load_gguf(const nn::Path& path) {
  const GgufFile file(path);
  CheckedModel checked = check_gguf(file);
  LanguageModel llm;
  llm.name = file.text_or("general.name", path.stem().string());
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

}  // namespace models
