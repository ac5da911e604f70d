// A whole language model: from GGUF, or the safetensors file of a model that a run has trained.
#include "models/load_llm.h"
#include "tests/fuzz/target.h"

FUZZ_TARGET(language_model) {
  const nn::Path file = fuzz::file(bytes.starts_with("GGUF") ? "x.gguf" : "x.safetensors", bytes);
  fuzz::attempt([&] { models::load_tokenizer(file); });
  const models::LanguageModel llm = models::load_language_model(file);
  FUZZ_CHECK(llm.tokenizer->vocabulary() <= llm.model->config().vocabulary);
  for (const auto& [name, tensor] : llm.model->named_parameters()) FUZZ_CHECK(tensor.numel() > 0);
}
