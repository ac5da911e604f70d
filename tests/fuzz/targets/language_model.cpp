// A language model: a GGUF file, a Hugging Face folder, or the safetensors
// file of a model that a run has trained.
//
// A folder is written as its small files one after the other, each as "=== NAME", a newline and the content.
// The target adds two valid shards of weights.
#include <set>

#include "models/formats/hugging_face.h"
#include "models/formats/language_model.h"
#include "tests/fuzz/target.h"
#include "tests/paths.h"

namespace {

constexpr std::string_view kMark = "=== ";

nn::Path copy_shards() {
  for (const char* name : {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}) {
    const nn::Path shard = nn::Path(fixtures()) / "families/llama3" / name;
    fuzz::file(std::string("folder/") + name, nn::read_file(shard, "fixture"));
  }
  return fuzz::folder() / "folder";
}

nn::Path write_folder(std::string_view bytes) {
  static const nn::Path folder = copy_shards();
  static const std::set<std::string, std::less<>> names = {
      "config.json",           "generation_config.json", "model.safetensors", "model.safetensors.index.json",
      "tokenizer_config.json", "tokenizer.json"};
  for (const std::string& name : names) std::filesystem::remove(folder / name);
  while (bytes.starts_with(kMark)) {
    const size_t end = std::min(bytes.find("\n=== "), bytes.size());
    const std::string_view part = bytes.substr(kMark.size(), end - kMark.size());
    const size_t line = std::min(part.find('\n'), part.size());
    if (const auto name = names.find(part.substr(0, line)); name != names.end())
      fuzz::file("folder/" + *name, part.substr(std::min(line + 1, part.size())));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  // A loader stops at the first fault; here each part is also read separately.
  fuzz::attempt([&] { models::load_hugging_face_model(folder); });
  return folder;
}

}  // namespace

FUZZ_TARGET(language_model) {
  const nn::Path path = bytes.starts_with(kMark)
                            ? write_folder(bytes)
                            : fuzz::file(bytes.starts_with("GGUF") ? "x.gguf" : "x.safetensors", bytes);
  fuzz::attempt([&] { models::load_tokenizer(path); });
  const models::LanguageModel llm = models::load_language_model(path);
  fuzz::attempt([&] {
    const int64_t rows = llm.model->config().vocabulary;
    const std::vector<int32_t> ids = llm.tokenizer->encode_whole("The 42 caf\xC3\xA9s");
    models::need_rows(ids, rows, "text");
    for (const int32_t id : ids) FUZZ_CHECK(id >= 0 && id < rows);
  });
  for (const auto& [name, tensor] : llm.model->named_parameters()) FUZZ_CHECK(tensor.numel() > 0);
}
