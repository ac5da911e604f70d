#include "p2rec/methods/common/language_model.h"

#include "autograd/gemm.h"
#include "models/formats/tiny_file.h"
#include "models/tokenizers/byte_tokenizer.h"

namespace p2rec {
namespace {

constexpr const char *kStage = "tiny_llm", *kFile = "tiny_llm.safetensors";

constexpr double kRandomStd = 0.02;  // as the configurations of the Llama family say (initializer_range)

// Draws the weights, if they are to be random, and stores them in the configured precision, on the run's
// device.
void prepare(models::Llama& model, const Context& context) {
  if (context.config<LanguageModelConfig>("llm").random_weights)
    models::initialise(model, kRandomStd, context.seed());
  if (context.config<LanguageModelConfig>("llm").precision == Precision::BF16) {
    nn::store_in_bf16(model);
    ag::release_cached_memory();  // of the f32 weights
  }
  model.move_to(context.device());
}

int64_t train_tiny_llm(const Context& context,
                       const std::function<std::vector<std::string>(const Context&)>& lines) {
  TinyLlmConfig config = context.config<LanguageModelConfig>("llm").tiny;
  config.seed = context.seed();
  const models::ByteTokenizer tokenizer;
  const auto model = lines ? pretrain_tiny_llm(lines(context), tokenizer, config, context.task())
                           : pretrain_tiny_llm(context.data(), tokenizer, config, context.task());
  models::write_tiny_llm(context.output(kFile), *model, context.metadata());
  return 0;
}

}  // namespace

void describe(LanguageModelConfig& c, const nn::Visit& visit) {
  const char* help =
      "language model: a GGUF file, a Hugging Face folder, or 'tiny', which is trained on the catalogue's "
      "text";
  visit({"llm", help, nn::kAny, {}, "tiny"}, &c.llm);
  visit({"special-tokens", "put the language model's special tokens (<s>) before and after each prompt"},
        &c.special_tokens);
  nn::visit_choice(
      visit, {"precision", "of the language model's weights and their products: bf16 needs half the memory"},
      c.precision, {{"f32", Precision::F32}, {"bf16", Precision::BF16}});
  visit(
      {"random-weights", "a control: draw the language model's weights at random, so that it knows nothing"},
      &c.random_weights);
  describe(c.tiny, visit);
}

Stage tiny_llm_stage(std::function<std::vector<std::string>(const Context&)> lines,
                     std::vector<std::string> configs) {
  configs.push_back("llm");
  return {.name = kStage,
          .help = "trains the tiny language model (llm = tiny) on the catalogue's or the task's text",
          .files = {kFile},
          .configs = configs,
          .run = [lines](const Context& context) { return train_tiny_llm(context, lines); }};
}

std::vector<std::string> with_llm(std::vector<std::string> inputs, const LanguageModelConfig& config) {
  if (config.is_tiny()) inputs.push_back(kStage);
  return inputs;
}

models::LanguageModel language_model(const Context& context) {
  const auto& config = context.config<LanguageModelConfig>("llm");
  models::LanguageModel llm =
      models::load_language_model(config.is_tiny() ? context.input(kStage, kFile) : nn::Path(config.llm));
  if (!config.special_tokens) llm.tokenizer->add_no_special_tokens();
  if (config.precision == Precision::BF16 && !ag::has_bf16_products(context.device()))
    context.say("precision bf16: no bf16 products here, so each matrix is widened to f32");
  prepare(*llm.model, context);
  return llm;
}

models::LanguageModel language_model_to_measure(const Context& context) {
  const auto& config = context.config<LanguageModelConfig>("llm");
  if (!config.is_tiny()) return language_model(context);
  models::LanguageModel llm;
  llm.name = config.llm;
  llm.tokenizer = std::make_unique<models::ByteTokenizer>();
  llm.model = untrained_tiny_llm(*llm.tokenizer, config.tiny);
  prepare(*llm.model, context);
  return llm;
}

void check_language_model(const Context& context, const PromptConfig& prompts) {
  const auto& config = context.config<LanguageModelConfig>("llm");
  if (config.is_tiny()) {
    const models::ByteTokenizer tokenizer;
    Prompts(context.data(), tokenizer, prompts, tokenizer.vocabulary());
    return;
  }
  const models::CheckedModel checked = models::check_language_model(config.llm);
  if (!config.special_tokens) checked.tokenizer->add_no_special_tokens();
  Prompts(context.data(), *checked.tokenizer, prompts, checked.config.vocabulary);
}

}  // namespace p2rec
