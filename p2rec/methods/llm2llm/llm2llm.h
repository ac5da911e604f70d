// LLM2LLM: a teacher writes more training examples of the kind that a student gets wrong.
// (Lee et al., "LLM2LLM: Boosting LLMs with Novel Iterative Data Enhancement", arXiv 2403.15042.)
//
// In each round
//   1. the student is fine-tuned from the base on the seed examples and all generated ones;
//   2. it answers the seed examples, never the generated ones;
//   3. the teacher writes one similar example for each that was answered wrongly;
//   4. a near-duplicate of an existing example is dropped, and the teacher is asked again.
//
//   D_1 = D                         the seed examples
//   D_{r+1} = D_r + teacher(W_r)    W_r: those of D that the base, fine-tuned on D_r, gets wrong
//
// From the paper: all four steps; only the seeds' errors are taught, so no example is made from a generated
// one and errors of the teacher do not grow. From the authors' code (SqueezeAILab/LLM2LLM): a problem is
// right if the number after #### is; ROUGE-L of the questions above 0.95 is nearly the same; the teacher is
// asked again until an example stays. Ours: LoRA (theirs tunes all weights); five rounds (theirs ten, of
// which the last one only trains); greedy answers (theirs draws them at temperature 0.7); at most ten tries
// for an example; a candidate is compared with all seeds and all generated examples (theirs: with those of
// the round); the task and its teacher, which is a program and makes no errors (theirs: GSM8K and
// gpt-3.5-turbo).
#pragma once

#include <functional>
#include <vector>

#include "p2rec/llm/student.h"
#include "p2rec/methods/common/language_model.h"
#include "p2rec/methods/common/method.h"
#include "p2rec/methods/llm2llm/arithmetic.h"

namespace p2rec {

struct Llm2LlmOptions {
  int64_t seed_examples = 100, test_examples = 300;
  int64_t rounds = 5;
  double rouge = 0.95;
};
void describe(Llm2LlmOptions& options, const nn::Visit& visit);

struct Llm2LlmConfig : MethodConfig {
  LanguageModelConfig llm;
  Llm2LlmOptions options;
  FinetuneConfig finetune;

  Sections sections() override;
  void check() const override {}
  Stages stages() const override;
};

// Writes an example that is similar to a seed. `attempt`: 0, 1, ... within a round, below kTeacherTries.
constexpr int64_t kTeacherTries = 10;
using Teacher = std::function<TextPair(size_t seed, int64_t round, int64_t attempt)>;

// Steps 3 and 4 of a round: what the teacher writes, with the examples that are dropped. `right`: of each
// seed. `before`: what was written in earlier rounds.
std::vector<Generated> teach(const std::vector<TextPair>& seeds, const std::vector<bool>& right,
                             const std::vector<Generated>& before, int64_t round, double rouge,
                             const Teacher& teacher);

// Steps 1 and 2: fine-tunes the base on the examples. True for each seed that is answered correctly.
using Student = std::function<std::vector<bool>(int64_t round, const std::vector<TextPair>& examples)>;

// Calls make(), or returns what it returned in an earlier process.
using Once =
    std::function<std::vector<Generated>(int64_t round, const std::function<std::vector<Generated>()>& make)>;

// All rounds: the examples that were written, with those that were dropped.
std::vector<Generated> llm2llm(const std::vector<TextPair>& seeds, const Student& student,
                               const Teacher& teacher, const Llm2LlmOptions& options, const Once& once);

std::vector<ReportSection> llm2llm_report_sections();

}  // namespace p2rec
