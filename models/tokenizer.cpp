#include "models/tokenizer.h"

#include "models/bpe_tokenizer.h"

namespace models {

std::unique_ptr<Tokenizer> tokenizer_from_gguf(const GgufFile& file) {
  const std::string family = file.text("tokenizer.ggml.model");
  INPUT_CHECK(family == "gpt2", file.path(), ": key 'tokenizer.ggml.model' is ", quote(family),
              ", a tokenizer that is not supported; supported is 'gpt2' (byte-level BPE)");
  INPUT_CHECK(!file.flag_or("tokenizer.ggml.add_space_prefix", false), file.path(),
              ": key 'tokenizer.ggml.add_space_prefix' is true, which is not supported for byte-level BPE");
  BpeVocabulary vocabulary;
  vocabulary.file = file.path();
  vocabulary.pre = file.text("tokenizer.ggml.pre");
  vocabulary.tokens = file.texts("tokenizer.ggml.tokens");
  vocabulary.merges = file.texts("tokenizer.ggml.merges");
  const std::string types = "tokenizer.ggml.token_type", end = "tokenizer.ggml.eos_token_id";
  if (file.has(types)) vocabulary.types = file.integers(types);
  if (file.has(end)) vocabulary.end_of_text = file.integer(end);
  return std::make_unique<BpeTokenizer>(vocabulary);
}

}  // namespace models
