// Generation of many lines of text, which resumes in the middle.
//
// The calls of a computation are made again after an interruption, in the same order. What the checkpoint has
// is not computed again. Prompts run in fixed blocks, all prompts of a block together (models/llama/
// generation.h), and only whole blocks are saved: so a resumed run computes the same products of matrices as
// an unbroken one, and gets the same texts.
#pragma once

#include <string>
#include <vector>

#include "models/formats/language_model.h"
#include "models/llama/generation.h"
#include "p2rec/task/task.h"

namespace p2rec {

constexpr size_t kPromptsTogether = 64;

class TextGenerator {
 public:
  // Resumes from the task's checkpoint. `expected`: the number of texts of all calls, for the progress.
  TextGenerator(const models::LanguageModel& llm, int64_t expected, const Task& task = {});

  // Continues each prompt to the end of its line or text, with at most twice as many tokens as `longest` has
  // (a model that has not learned to stop would never end). The line has no blanks at its ends. Bytes that
  // are not UTF-8 become '?'. Every text draws its own random numbers: its number is its place among the
  // texts of all calls.
  std::vector<std::string> operator()(const std::vector<std::string>& prompts, const std::string& longest,
                                      const models::Sampling& sampling);

 private:
  void save();

  const models::LanguageModel& llm_;
  const int64_t expected_;
  const Task task_;
  std::vector<int32_t> ends_;                // tokens that end a line
  std::vector<std::vector<int32_t>> saved_;  // the continuations of all calls, in order
  size_t used_ = 0;                          // of saved_, by the calls so far
};

}  // namespace p2rec
