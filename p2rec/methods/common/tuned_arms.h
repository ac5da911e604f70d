// The last stage of methods that make training data for a language model: each arm fine-tunes the base on its
// own examples, or not at all, and answers the same test examples. The unit of the results is a test example,
// the measure is 1 for a right answer and 0 for a wrong one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "p2rec/llm/student.h"
#include "p2rec/methods/common/language_model.h"
#include "p2rec/report/report.h"

namespace p2rec {

struct TunedArm {
  using Examples = std::function<std::vector<TextPair>(const Context&, uint64_t seed)>;
  std::string name, meaning;
  Examples examples = {};  // to fine-tune on; unset: the base answers
  Examples shots = {};     // in the prompt; unset: none
  bool is_the_method = false;
};

struct TunedArms {
  std::vector<TunedArm> arms;
  std::string baseline;  // an arm
  std::string about;     // for a reader: the task, and how it is scored
  InstructionTask (*task)(const Context&) = nullptr;
  std::vector<TextPair> (*test)(const Context&) = nullptr;
};

// Sections: "llm", "finetune", and `configs`. Its files are answers-ARM-SEED.jsonl.
Stage answer_stage(const TunedArms& arms, const LanguageModelConfig& llm, std::vector<std::string> inputs,
                   std::vector<std::string> configs);

// Throws ag::InputError if fine-tuning on such examples and shots does not fit into memory. Sections: "llm",
// "finetune".
void check_tuning(const Context& context, const InstructionTask& task, const std::vector<TextPair>& examples,
                  const std::vector<TextPair>& shots = {});

// Some test examples with the answers of each arm.
ReportSection answers_section();

}  // namespace p2rec
