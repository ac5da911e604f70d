#include "p2rec/llm/completions.h"

#include "autograd/ops.h"
#include "models/formats/language_model.h"

namespace p2rec {

using ag::Tensor;

std::vector<Completion> completions_of(const InstructionTask& task, const std::vector<TextPair>& examples,
                                       std::span<const TextPair> shots, const models::Tokenizer& tokenizer,
                                       int64_t rows) {
  std::vector<Completion> completions;
  for (const TextPair& example : examples) {
    const std::string prompt = task_prompt(task, example.input, shots);
    completions.push_back({prompt_tokens(tokenizer, prompt), completion_tokens(tokenizer, example.output)});
    models::need_rows(completions.back().prompt, rows, prompt);
    models::need_rows(completions.back().completion, rows, example.output);
  }
  return completions;
}

PartLoss completion_loss(const models::Llama& model, const std::vector<const Completion*>& batch,
                         const BatchPart& part, const nn::DropoutContext& dropout) {
  const int64_t B = std::ssize(batch), begin = part.begin(B), end = part.end(B);
  std::vector<std::vector<int32_t>> sequences;  // without their last tokens, which only are targets
  PartLoss loss{.terms = 0, .of = 0};
  std::vector<int32_t> places, targets;  // of the part: rows of its packed states, and the tokens after them
  int32_t row = 0;
  for (int64_t b = 0; b < B; ++b) {
    const auto& [prompt, completion] = *batch[static_cast<size_t>(b)];
    std::vector<int32_t>& sequence = sequences.emplace_back(prompt);
    sequence.insert(sequence.end(), completion.begin(), completion.end() - 1);
    loss.of += std::ssize(completion);
    if (b < begin || b >= end) continue;
    loss.terms += std::ssize(completion);
    const auto first = row + static_cast<int32_t>(prompt.size()) - 1;
    for (int32_t i = 0; i < static_cast<int32_t>(completion.size()); ++i) places.push_back(first + i);
    targets.insert(targets.end(), completion.begin(), completion.end());
    row += static_cast<int32_t>(sequence.size());
  }
  if (places.empty()) return loss;
  nn::Packed x = nn::pack(sequences);
  x.dropout = dropout;
  const Tensor states = model.hidden_states(nn::part(x, begin, end)),
               chosen = ag::embedding(states, Tensor::from_ints(places));  // logits of no other row are made
  loss.mean = ag::cross_entropy(model.logits(chosen), Tensor::from_ints(targets));
  return loss;
}

Finetuning on_completions(const models::Llama& model, std::vector<Completion> completions) {
  Finetuning result;
  for (int64_t i = 0; i < std::ssize(completions); ++i) {
    const auto& [prompt, completion] = completions[static_cast<size_t>(i)];
    result.examples.push_back(i);
    result.lengths.push_back(std::ssize(prompt) + std::ssize(completion));
  }
  result.loss = [&model, completions = std::move(completions)](std::span<const int64_t> batch,
                                                               const BatchPart& part,
                                                               const nn::DropoutContext& dropout) {
    std::vector<const Completion*> chosen;
    for (const int64_t i : batch) chosen.push_back(&completions[static_cast<size_t>(i)]);
    return completion_loss(model, chosen, part, dropout);
  };
  return result;
}

}  // namespace p2rec
