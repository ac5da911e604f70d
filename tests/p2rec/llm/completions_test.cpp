// Fine-tuning on completions: the loss, and a student that learns and leaves the base as it was.
#include "p2rec/llm/completions.h"

#include "autograd/ops.h"
#include "p2rec/llm/student.h"
#include "tests/p2rec/llm/small_llm.h"
#include "tests/testing.h"

using namespace p2rec;
using ag::Tensor;

namespace {

const InstructionTask kTask{.instruction = "Say.", .longest_output = "yes", .is_right = same_text};
const std::vector<TextPair> kExamples = {{"a", "yes"}, {"bb", "no"}, {"c", "no way"}, {"dd", "y"}};

// -log p of the completion's tokens, one by one from the logits of the whole sequence.
double surprise(const models::Llama& model, const Completion& c) {
  std::vector<int32_t> all = c.prompt;
  all.insert(all.end(), c.completion.begin(), c.completion.end());
  const Tensor logits = model.logits(model.hidden_states(nn::pack({all})));
  double sum = 0;
  for (size_t i = c.prompt.size(); i < all.size(); ++i) {
    const auto row = static_cast<int64_t>(i) - 1;
    double total = 0;
    for (const ag::real x : logits.rows(row, row + 1).values()) total += std::exp(double(x));
    sum += std::log(total) - double(logits.rows(row, row + 1).values()[static_cast<size_t>(all[i])]);
  }
  return sum;
}

}  // namespace

TEST_CASE("a completion is the output and the end of the text, after the task's prompt") {
  const models::ByteTokenizer tokenizer;
  const auto completions = completions_of(kTask, kExamples, {}, tokenizer, tokenizer.vocabulary());
  REQUIRE(completions.size() == kExamples.size());
  CHECK(tokenizer.decode(completions[1].prompt) == "Say.\n\nInput: bb\nOutput:");
  CHECK(tokenizer.decode(completions[1].completion) == " no<|endoftext|>");
  const auto after = completions_of(kTask, kExamples, std::span(kExamples).first(1), tokenizer, 257);
  CHECK(tokenizer.decode(after[1].prompt) == "Say.\n\nInput: a\nOutput: yes\n\nInput: bb\nOutput:");
  CHECK_THROWS_WITH_AS(completions_of(kTask, kExamples, {}, tokenizer, 90), doctest::Contains("Input: a"),
                       ag::InputError);
}

TEST_CASE("the loss is the mean over the completions' tokens, whole and in parts") {
  const models::LanguageModel llm = testing::small_llm();
  const auto completions = completions_of(kTask, kExamples, {}, *llm.tokenizer, 257);
  const Finetuning tuning = on_completions(*llm.model, completions);
  CHECK(tuning.examples == std::vector<int64_t>{0, 1, 2, 3});
  double sum = 0, tokens = 0;
  for (size_t i = 0; i < completions.size(); ++i) {
    sum += surprise(*llm.model, completions[i]);
    tokens += double(completions[i].completion.size());
    CHECK(tuning.lengths[i] == std::ssize(completions[i].prompt) + std::ssize(completions[i].completion));
  }
  CHECK(tuning.loss(tuning.examples, {}, {}).mean.item() == doctest::Approx(sum / tokens).epsilon(1e-5));
  double in_parts = 0;
  for (int64_t index = 0; index < 3; ++index) {
    const PartLoss part = tuning.loss(tuning.examples, {index, 3}, {});
    in_parts += double(part.mean.item()) * double(part.terms) / double(part.of);
  }
  CHECK(in_parts == doctest::Approx(sum / tokens).epsilon(1e-5));
}

TEST_CASE("a student learns its examples, and the model is the base again") {
  const models::LanguageModel llm = testing::small_llm(32);
  const auto logits = [&] {
    const ag::NoGrad no_grad;
    return llm.model->logits(llm.model->hidden_states(nn::pack({{1, 2, 3}})));
  };
  const Tensor before = logits();
  FinetuneConfig config;
  config.lr = 2e-2;
  config.tokens = 4 * 64;
  config.epochs = 60;
  const std::vector<std::string> answers = tune_and_answer(llm, kTask, kExamples, kExamples, {}, config, 1);
  CHECK(right_answers(kTask, kExamples, answers) == std::vector<bool>(4, true));
  CHECK(logits().values() == before.values());
  CHECK(right_answers(kTask, kExamples, answer(llm, kTask, kExamples)) == std::vector<bool>(4, false));
}
