// LLM2LLM on disk. The stage `teach` makes the examples for each seed, a file for each round; `answer`
// compares what a student learns from them (methods/common/tuned_arms.h).
#include <fmt/format.h>

#include "nn/io/json.h"
#include "p2rec/methods/common/generated_data.h"
#include "p2rec/methods/common/tuned_arms.h"
#include "p2rec/methods/llm2llm/round_files.h"

namespace p2rec {
namespace {

constexpr int64_t kMostSeeds = 100000;
constexpr int64_t kTinyLines = 2000;  // that the tiny language model is trained on

const Llm2LlmOptions& options_of(const Context& context) { return context.config<Llm2LlmOptions>("llm2llm"); }

std::vector<WordProblem> problems(int64_t count, uint64_t seed, uint32_t stream) {
  std::vector<WordProblem> all;
  for (int64_t i = 0; i < count; ++i) all.push_back(random_problem({seed, static_cast<uint32_t>(i), stream}));
  return all;
}

std::vector<TextPair> texts_of(const std::vector<WordProblem>& all) {
  std::vector<TextPair> texts;
  for (const WordProblem& problem : all) texts.push_back(text_of(problem));
  return texts;
}

std::vector<WordProblem> seed_problems(const Context& context, uint64_t seed) {
  return problems(options_of(context).seed_examples, seed, ag::stream("seed problems"));
}

// The same for all seeds, so that each arm and seed answers the same examples.
std::vector<TextPair> test_problems(const Context& context) {
  return texts_of(problems(options_of(context).test_examples, 1, ag::stream("test problems")));
}

// The task's form without its content: each problem has the solution of the one after it.
std::vector<std::string> tiny_lines(const Context& context) {
  const auto texts = texts_of(problems(kTinyLines, context.seed(), ag::stream("problems of the tiny model")));
  std::vector<std::string> lines;
  for (size_t i = 0; i < texts.size(); ++i)
    lines.push_back(task_prompt(arithmetic_task(), texts[i].input) + " " +
                    texts[(i + 1) % texts.size()].output);
  return lines;
}

// --- teach -------------------------------------------------------------------------------------------------

Teacher program(const std::vector<WordProblem>& seeds, uint64_t run_seed) {
  return [=](size_t seed, int64_t round, int64_t attempt) {
    const auto number = (static_cast<int64_t>(seed) * kMostRounds + round) * kTeacherTries + attempt;
    return text_of(similar_problem(
        seeds.at(seed), {run_seed, static_cast<uint32_t>(number), ag::stream("problems of the teacher")}));
  };
}

int64_t teach_all(const Context& context) {
  const Llm2LlmOptions& options = options_of(context);
  const models::LanguageModel llm = language_model(context);
  const Task stage = context.task();
  const int64_t parts = 2 * options.rounds * std::ssize(context.seeds());
  stage.announce(fmt::format("{} of {} seed examples, {}", counted(options.rounds, "round"),
                             options.seed_examples, counted(std::ssize(context.seeds()), "seed")));
  std::vector<SeedData> written;
  for (const uint64_t seed : context.seeds()) {
    const std::vector<WordProblem> problems = seed_problems(context, seed);
    const std::vector<TextPair> seeds = texts_of(problems);
    const auto part = [&](int64_t round, const char* what) {
      return stage.part(fmt::format("{}-{}-{}", what, round, seed), parts);
    };
    const Student student = [&](int64_t round, const std::vector<TextPair>& examples) {
      const Task tuning = part(round, "round"), answering = part(round, "answers");
      const auto answers =
          tune_and_answer(llm, arithmetic_task(), examples, seeds, {},
                          context.config<FinetuneConfig>("finetune"), seed, tuning, answering);
      tuning.discard();
      answering.discard();
      return right_answers(arithmetic_task(), seeds, answers);
    };
    const Once once = once_per_file(context, seed, [&](int64_t round) {
      for (const char* what : {"round", "answers"}) part(round, what).finish("done before");
    });
    written.push_back({seed, llm2llm(seeds, student, program(problems, seed), options, once)});
  }
  stage.finish(generated_text(written));
  context.record(describe_generated(written));
  return 0;
}

// --- answer ------------------------------------------------------------------------------------------------

std::vector<TextPair> seed_texts(const Context& context, uint64_t seed) {
  return texts_of(seed_problems(context, seed));
}

std::vector<TextPair> taught_texts(const Context& context, uint64_t seed) {
  return generated_texts(context, options_of(context).rounds, seed);
}

std::vector<TextPair> joined(std::vector<TextPair> a, const std::vector<TextPair>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TunedArms arms() {
  TunedArms arms;
  arms.baseline = "plain";
  arms.about = "Word problems of arithmetic: the share of test problems whose number after #### is right.";
  arms.task = [](const Context&) { return arithmetic_task(); };
  arms.test = test_problems;
  arms.arms = {
      {"untuned", "the base, not fine-tuned"},
      {"plain", "fine-tuned on the seed examples", seed_texts},
      {"random", "on the seed examples and as many random ones as llm2llm has generated ones",
       [](const Context& context, uint64_t seed) {
         const auto count = std::ssize(taught_texts(context, seed));
         return joined(seed_texts(context, seed),
                       texts_of(problems(count, seed, ag::stream("random problems"))));
       }},
      {"llm2llm", "on the seed examples and the generated ones", [](const Context& context, uint64_t seed) {
         return joined(seed_texts(context, seed), taught_texts(context, seed));
       }}};
  arms.arms.back().is_the_method = true;
  return arms;
}

}  // namespace

void describe(Llm2LlmOptions& options, const nn::Visit& visit) {
  visit({"seed-examples", "number of seed examples", nn::between(1, kMostSeeds)}, &options.seed_examples);
  visit({"test-examples", "number of test examples", nn::at_least(1)}, &options.test_examples);
  visit({"rounds", "rounds of fine-tuning, testing and teaching", nn::between(1, kMostRounds)},
        &options.rounds);
  visit(
      {"rouge", "drop a generated example if its ROUGE-L with another one is above this", nn::between(0, 1)},
      &options.rouge);
}

Sections Llm2LlmConfig::sections() {
  return {Section::of("llm2llm", "Data", options), Section::of("llm", "Language model", llm),
          Section::of("finetune", "Fine-tuning", finetune)};
}

Stages Llm2LlmConfig::stages() const {
  Stages stages;
  if (llm.is_tiny()) stages.push_back(tiny_llm_stage(tiny_lines));
  stages.push_back({.name = kTeach,
                    .help = "writes an example for each seed example that the fine-tuned model gets wrong",
                    .inputs = with_llm({}, llm),
                    .files = {"generated-*.jsonl"},
                    .configs = {"llm2llm", "llm", "finetune"},
                    .all_seeds = true,
                    .check =
                        [](const Context& context) {
                          check_tuning(context, arithmetic_task(), seed_texts(context, context.seeds()[0]));
                        },
                    .run = teach_all});
  stages.push_back(answer_stage(arms(), llm, {kTeach}, {"llm2llm"}));
  return stages;
}

std::vector<ReportSection> llm2llm_report_sections() {
  return {generated_section(kTeach), answers_section()};
}

}  // namespace p2rec
