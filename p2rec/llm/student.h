// A student: a language model that is fine-tuned from its base on examples of a task, and answers questions.
#pragma once

#include <string>
#include <vector>

#include "models/formats/language_model.h"
#include "p2rec/llm/completions.h"

namespace p2rec {

// Detaches LoRA at its end, so that the model is the base again.
struct BaseAtTheEnd {
  models::Llama& model;
  ~BaseAtTheEnd() { nn::detach_lora(model); }
};

// Answers the questions' inputs greedily with one line each, after the same shots.
std::vector<std::string> answer(const models::LanguageModel& llm, const InstructionTask& task,
                                const std::vector<TextPair>& questions,
                                const std::vector<TextPair>& shots = {}, const Task& answering = {});

// Fine-tunes the base with LoRA on the examples, answers, and detaches LoRA, so that the model is the base
// again. All prompts have the same shots. The seed is of LoRA and of the examples' order.
std::vector<std::string> tune_and_answer(const models::LanguageModel& llm, const InstructionTask& task,
                                         const std::vector<TextPair>& examples,
                                         const std::vector<TextPair>& questions,
                                         const std::vector<TextPair>& shots, FinetuneConfig config,
                                         uint64_t seed, const Task& tuning = {}, const Task& answering = {});

// True for each question whose answer is right.
std::vector<bool> right_answers(const InstructionTask& task, const std::vector<TextPair>& questions,
                                const std::vector<std::string>& answers);

}  // namespace p2rec
