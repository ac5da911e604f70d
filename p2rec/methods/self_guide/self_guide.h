// SELF-GUIDE: a language model writes its own training data for a task, and is fine-tuned on them.
// (Zhao et al., "SELF-GUIDE: Better Task-Specific Instruction Following via Self-Synthetic Finetuning",
// arXiv 2407.12874.)
//
//   * 1 inputs   from the instruction, three real examples and earlier inputs, each for a label drawn at
//                random
//   * 2 filters  empty; outside of two standard deviations of the examples' lengths; noise; duplicates
//   * 3 outputs  the model answers each input several times after the three examples; the most frequent
//                answer, if it is frequent enough; it must hold a label
//   * 4 balance  every label as often as the rarest one
//   * 5 tuning   the model is fine-tuned on the pairs
//
// From the paper: all steps. From the authors' code (zhaochenyang20/Prompt2Model-Self-Guide): 40 rounds of 10
// inputs, top-k 40 and temperature 0.7 for them; at most ten earlier inputs in a prompt; 10 outputs at
// temperature 0.2 and top-k 10, consensus at a share of 0.3, ties to the shortest; the phrases that are
// noise; an output is the first label that it holds; prompts have the examples in training and testing, too.
// Ours: the words of the prompts, which are shorter, because the model is 50 times smaller; earlier inputs
// are before the examples, and with the labels that they were asked for; both ends of the length's range
// are allowed (their code leaves out the upper one, and all texts if the examples are equally long); copies
// of the examples are duplicates; balance keeps each label's first inputs (theirs: random ones); LoRA (theirs
// tunes all weights); settings are not searched; the task (theirs: Super-NaturalInstructions). Their optional
// step in which the model itself verifies an input is left out, as in their final code.
#pragma once

#include <string>
#include <vector>

#include "p2rec/llm/finetune.h"
#include "p2rec/llm/text_generator.h"
#include "p2rec/methods/common/language_model.h"
#include "p2rec/methods/common/method.h"
#include "p2rec/methods/self_guide/genres.h"

namespace p2rec {

struct SelfGuideOptions {
  std::string films = "synthetic";  // or a file (genres.h)
  int64_t test_examples = 600;
  int64_t rounds = 40, inputs_per_round = 10;
  double temperature = 0.7;  // of inputs
  int64_t outputs_per_input = 10;
  double consensus_share = 0.3;
  // Each filter can be switched off.
  bool filter_length = true, filter_noise = true, filter_duplicates = true, filter_consensus = true,
       filter_labels = true, balance = true;
};
void describe(SelfGuideOptions& options, const nn::Visit& visit);

struct SelfGuideConfig : MethodConfig {
  LanguageModelConfig llm;
  SelfGuideOptions options;
  FinetuneConfig finetune;

  Sections sections() override;
  void check() const override;
  Stages stages() const override;
};

// The prompt of step 1. Its pairs have the label first, because the label is given and the input is asked
// for.
std::string input_prompt(const InstructionTask& task, const std::vector<TextPair>& examples,
                         const std::vector<TextPair>& earlier, const std::string& label);

// Steps 1 and 2. `from` is the label that was asked for.
std::vector<Generated> write_inputs(const InstructionTask& task, const std::vector<TextPair>& examples,
                                    const SelfGuideOptions& options, uint64_t seed, TextGenerator& generate);

// Steps 3 and 4: writes the outputs of the inputs that are not dropped, and drops more of them.
void write_outputs(const InstructionTask& task, const std::vector<TextPair>& examples,
                   const SelfGuideOptions& options, uint64_t seed, TextGenerator& generate,
                   std::vector<Generated>& all);

// The number of texts that write_outputs generates.
int64_t outputs_of(const std::vector<Generated>& all, const SelfGuideOptions& options);

std::vector<ReportSection> self_guide_report_sections();

}  // namespace p2rec
