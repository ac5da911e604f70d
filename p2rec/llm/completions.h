// Supervised fine-tuning on completions: the model reads prompts and learns to write what follows them.
//
//   loss = the mean of -log p(token | all tokens before it) over the completions' tokens, not the prompts'
//
// Every token of a batch counts the same, as in TRL's SFTTrainer: a long completion weighs more.
#pragma once

#include <vector>

#include "p2rec/llm/finetune.h"
#include "p2rec/llm/instruction.h"

namespace p2rec {

struct Completion {
  std::vector<int32_t> prompt, completion;  // tokens; at least one of each
};
// The task's prompt for each example, after the same shots, and its output. Throws ag::InputError, which
// quotes the text, if a token has no row in a table of `rows` rows.
std::vector<Completion> completions_of(const InstructionTask& task, const std::vector<TextPair>& examples,
                                       std::span<const TextPair> shots, const models::Tokenizer& tokenizer,
                                       int64_t rows);

// The loss () of a batch, of which the part is computed.
PartLoss completion_loss(const models::Llama& model, const std::vector<const Completion*>& batch,
                         const BatchPart& part, const nn::DropoutContext& dropout);

// The input of finetune(): example i is completions[i]. Nothing is held out. Refers to the model.
Finetuning on_completions(const models::Llama& model, std::vector<Completion> completions);

}  // namespace p2rec
