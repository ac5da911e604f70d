// A GGUF file: header, metadata, tensors and tokenizer.
#include "models/formats/gguf.h"

#include "models/formats/gguf_model.h"
#include "models/tokenizers/tokenizer.h"
#include "tests/fuzz/target.h"

namespace {

// Reads every value as every type: it either fits or is refused.
void read_values(const models::GgufFile& file) {
  for (const char* key :
       {"general.architecture", "general.name", "general.alignment", "tokenizer.ggml.tokens",
        "tokenizer.ggml.token_type", "tokenizer.ggml.scores", "tokenizer.ggml.eos_token_id", "test.list"}) {
    fuzz::attempt([&] { file.string(key); });
    fuzz::attempt([&] { file.integer(key); });
    fuzz::attempt([&] { file.number(key); });
    fuzz::attempt([&] { file.flag(key); });
    fuzz::attempt([&] { file.strings(key); });
    fuzz::attempt([&] { file.integers(key); });
    fuzz::attempt([&] { file.numbers(key); });
  }
}

}  // namespace

FUZZ_TARGET(gguf) {
  const models::GgufFile file(fuzz::file("x.gguf", bytes));
  read_values(file);
  for (const auto& info : file.tensors()) {
    FUZZ_CHECK(file.find(info.name) == &info);
    fuzz::attempt([&] { FUZZ_CHECK(file.load(info.name).shape() == info.shape); });
  }
  const auto tokenizer = models::tokenizer_from_gguf(file);
  const std::vector<int32_t> ids =
      tokenizer->encode("The <|endoftext|> 42 caf\xC3\xA9s\xFF  \n" + bytes.substr(0, 100));
  for (const int32_t id : ids) FUZZ_CHECK(id >= 0 && id < tokenizer->vocabulary());
  tokenizer->decode(ids);
}
