// A method's language model: loaded from a file, or the tiny one, which a stage trains on the titles.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/formats/language_model.h"
#include "p2rec/llm/prompts.h"
#include "p2rec/llm/tiny_llm.h"
#include "p2rec/run/stage.h"

namespace p2rec {

enum class Precision : uint8_t { F32, BF16 };

struct LanguageModelConfig {
  std::string llm = "tiny";  // a GGUF file, a Hugging Face folder, or "tiny"
  bool special_tokens = true;
  Precision precision = Precision::F32;  // of the frozen weights and their products
  bool random_weights = false;           // a control: the same architecture and tokenizer, nothing learned
  TinyLlmConfig tiny;
  bool is_tiny() const { return llm == "tiny"; }
};
void describe(LanguageModelConfig& config, const nn::Visit& visit);

// Trains the tiny language model on the catalogue's text, or on the lines that `lines` makes from the
// sections `configs`. A method has this stage only if is_tiny(). Section: "llm".
Stage tiny_llm_stage(std::function<std::vector<std::string>(const Context&)> lines = {},
                     std::vector<std::string> configs = {});

// `inputs`, plus the tiny language model's stage if is_tiny().
std::vector<std::string> with_llm(std::vector<std::string> inputs, const LanguageModelConfig& config);

// The model of the section "llm", on the run's device.
models::LanguageModel language_model(const Context& context);

// The same model, for checks before the run; a tiny one has untrained weights.
models::LanguageModel language_model_to_measure(const Context& context);

// Throws ag::InputError if the model cannot be used, or if its prompts need titles that the data do not have.
// Does not read the weights.
void check_language_model(const Context& context, const PromptConfig& prompts);

}  // namespace p2rec
