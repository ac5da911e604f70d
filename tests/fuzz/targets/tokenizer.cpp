// A tokenizer.json (if the bytes begin with '{'), or any bytes as a text for valid tokenizers.
#include "models/tokenizers/tokenizer.h"
#include "models/formats/gguf_model.h"

#include "models/tokenizers/byte_tokenizer.h"
#include "models/tokenizers/tokenizer_json.h"
#include "tests/fuzz/target.h"
#include "tests/paths.h"

namespace {

void read_tokenizer(const std::string& bytes) {
  const auto tokenizer = models::tokenizer_from_json(fuzz::file("tokenizer/tokenizer.json", bytes));
  const std::vector<int32_t> ids = tokenizer->encode("The <|endoftext|> 42 caf\xC3\xA9s e\xCC\x81\xFF  \n");
  for (const int32_t id : ids) FUZZ_CHECK(id >= 0 && id < tokenizer->vocabulary());
  tokenizer->decode(ids);
  const models::SpecialTokens& special = tokenizer->special();
  for (const auto& some : {special.before, special.after, special.ends}) {
    for (const int32_t id : some) FUZZ_CHECK(id >= 0 && id < tokenizer->vocabulary());
  }
}

// The vocabularies have a token for each byte, so no byte may get lost.
void encode_text(const std::string& bytes) {
  static const auto bpe = models::tokenizer_from_gguf(models::GgufFile(fixtures() + "/tiny_bpe.gguf"));
  static const models::ByteTokenizer byte_tokenizer;
  FUZZ_CHECK(bpe->decode(bpe->encode(bytes)) == bytes);
  FUZZ_CHECK(byte_tokenizer.decode(byte_tokenizer.encode(bytes)) == bytes);
}

}  // namespace

FUZZ_TARGET(tokenizer) { bytes.starts_with('{') ? read_tokenizer(bytes) : encode_text(bytes); }
