// Instruction data: a task for a language model as an instruction, examples and a scorer. All texts are one
// line. A prompt is
//
//   INSTRUCTION\n\nInput: INPUT\nOutput:                                   zero-shot, also for fine-tuning
//   INSTRUCTION\n\nInput: A\nOutput: B\n\n ... Input: INPUT\nOutput:       few-shot
//
// and the model continues it with " OUTPUT" and the end of the text. The words are ours.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/tokenizers/tokenizer.h"
#include "nn/io/files.h"

namespace p2rec {

struct TextPair {
  std::string input, output;
  bool operator==(const TextPair&) const = default;
};

struct InstructionTask {
  std::string instruction = {};
  std::vector<std::string> labels = {};  // the outputs of a classification; empty: free text
  std::string longest_output = {};       // an answer may have twice as many tokens
  // True if the answer is right. An answer has no blanks at its ends.
  bool (*is_right)(const std::string& answer, const std::string& expected) = nullptr;
};

// Two scorers: the same text; the same number after the last "####" (of LLM2LLM's filter.py and GSM8K: commas
// and units do not count; without a number after ####, the answer is wrong).
bool same_text(const std::string& answer, const std::string& expected);
bool same_number(const std::string& answer, const std::string& expected);

// "Input: A\nOutput: B"
std::string text_of(const TextPair& example);
// The prompt for an input, after as many solved examples as are given.
std::string task_prompt(const InstructionTask& task, const std::string& input,
                        std::span<const TextPair> shots = {});

// The tokens that begin a prompt, then those of the text.
std::vector<int32_t> prompt_tokens(const models::Tokenizer& tokenizer, const std::string& text);
// The tokens of " OUTPUT", then the one that ends a text (a line end, if the tokenizer has none).
std::vector<int32_t> completion_tokens(const models::Tokenizer& tokenizer, const std::string& output);

constexpr int64_t kMostRounds = 1000;  // of writing examples

// An example that a program or a model has written.
struct Generated {
  TextPair text;
  std::string from;     // what it was made from: a seed example's input, or a label
  int64_t round = 1;    // 1 to kMostRounds
  std::string dropped;  // why it is not used; empty: it is
};
// Those that are used.
std::vector<TextPair> kept(const std::vector<Generated>& all);

// JSON lines. read_generated throws ag::InputError, which names file and line, if this program did not write
// them.
void write_generated(const nn::Path& file, const std::vector<Generated>& all);
std::vector<Generated> read_generated(const nn::Path& file);

}  // namespace p2rec
