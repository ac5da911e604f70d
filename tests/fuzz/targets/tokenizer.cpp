// Any bytes as a text. The vocabulary has a token for each byte, so nothing may get lost.
#include "models/tokenizer.h"

#include "models/byte_tokenizer.h"
#include "tests/fuzz/target.h"

FUZZ_TARGET(tokenizer) {
  static const auto bpe =
      models::tokenizer_from_gguf(models::GgufFile(std::string(FIXTURES) + "/tiny_bpe.gguf"));
  static const models::ByteTokenizer byte_tokenizer;
  FUZZ_CHECK(bpe->decode(bpe->encode(bytes)) == bytes);
  FUZZ_CHECK(byte_tokenizer.decode(byte_tokenizer.encode(bytes)) == bytes);
}
