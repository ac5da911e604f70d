#include "p2rec/llm/student.h"

#include <fmt/format.h>

#include <numeric>

#include "p2rec/llm/text_generator.h"

namespace p2rec {

std::vector<std::string> answer(const models::LanguageModel& llm, const InstructionTask& task,
                                const std::vector<TextPair>& questions, const std::vector<TextPair>& shots,
                                const Task& answering) {
  std::vector<std::string> prompts;
  for (const TextPair& question : questions) prompts.push_back(task_prompt(task, question.input, shots));
  TextGenerator generate(llm, std::ssize(prompts), answering);
  return generate(prompts, task.longest_output, {});
}

std::vector<std::string> tune_and_answer(const models::LanguageModel& llm, const InstructionTask& task,
                                         const std::vector<TextPair>& examples,
                                         const std::vector<TextPair>& questions,
                                         const std::vector<TextPair>& shots, FinetuneConfig config,
                                         uint64_t seed, const Task& tuning, const Task& answering) {
  config.seed = seed;
  const Finetuning finetuning = on_completions(
      *llm.model, completions_of(task, examples, shots, *llm.tokenizer, llm.model->config().vocabulary));
  const int64_t tokens = std::reduce(finetuning.lengths.begin(), finetuning.lengths.end());
  tuning.announce(fmt::format("{}, {} per epoch, {}", counted(std::ssize(examples), "example"),
                              counted(tokens, "token"), counted(config.epochs, "epoch")));
  const BaseAtTheEnd detaches{*llm.model};
  finetune(*llm.model, config, finetuning, tuning);
  return answer(llm, task, questions, shots, answering);
}

std::vector<bool> right_answers(const InstructionTask& task, const std::vector<TextPair>& questions,
                                const std::vector<std::string>& answers) {
  std::vector<bool> right;
  for (size_t i = 0; i < questions.size(); ++i)
    right.push_back(task.is_right(answers.at(i), questions[i].output));
  return right;
}

}  // namespace p2rec
