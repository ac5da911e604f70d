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

// The tokenizer is read first: it is small, and what is wrong with it is told before the weights are read.
LanguageModel load_gguf(const nn::Path& path) {
  const GgufFile file(path);
  LanguageModel llm;
  llm.tokenizer = tokenizer_from_gguf(file);
  llm.name = file.text_or("general.name", path.stem().string());
  llm.model = load_gguf_model(file);
  return llm;
}

LanguageModel load_folder(const nn::Path& folder) {
  LanguageModel llm;
  llm.tokenizer = load_hugging_face_tokenizer(folder);
  llm.name = std::filesystem::weakly_canonical(folder).filename().string();
  llm.model = load_hugging_face_model(folder);
  return llm;
}

LanguageModel load_tiny(const nn::Path& path) {
  return {load_tiny_model(path), std::make_unique<ByteTokenizer>(), path.stem().string()};
}

}  // namespace

LanguageModel load_language_model(const nn::Path& path) {
  const Kind kind = kind_of(path);
  LanguageModel llm = kind == Kind::Folder ? load_folder(path)
                      : kind == Kind::Tiny ? load_tiny(path)
                                           : load_gguf(path);
  const int64_t tokens = llm.tokenizer->vocabulary(), rows = llm.model->config().vocabulary;
  INPUT_CHECK(tokens <= rows, path.string(), ": the tokenizer has ", tokens,
              " tokens; expected at most the token table's ", rows);
  return llm;
}

std::unique_ptr<Tokenizer> load_tokenizer(const nn::Path& path) {
  const Kind kind = kind_of(path);
  if (kind == Kind::Folder) return load_hugging_face_tokenizer(path);
  if (kind == Kind::Gguf) return tokenizer_from_gguf(GgufFile(path));
  checked_tiny_config(path);
  return std::make_unique<ByteTokenizer>();
}

LlamaConfig check_language_model(const nn::Path& path) {
  const Kind kind = kind_of(path);
  if (kind == Kind::Folder) return checked_hugging_face_config(path);
  return kind == Kind::Gguf ? checked_gguf_config(GgufFile(path)) : checked_tiny_config(path);
}

}  // namespace models
