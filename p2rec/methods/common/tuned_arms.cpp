#include "p2rec/methods/common/tuned_arms.h"

#include <fmt/format.h>

#include <ostream>

#include "nn/io/json.h"
#include "p2rec/data/text_file.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

constexpr const char* kAnswer = "answer";
constexpr size_t kShownAnswers = 5;  // test examples in the report

struct Job {
  const TunedArm& arm;
  uint64_t seed;
  std::string name() const { return fmt::format("{}-{}", arm.name, seed); }
  std::string file() const { return "answers-" + name() + ".jsonl"; }
};

void write_answers(const nn::Path& file, const InstructionTask& task, const std::vector<TextPair>& test,
                   const std::vector<std::string>& answers) {
  const std::vector<bool> right = right_answers(task, test, answers);
  nn::write_atomically(file, [&](std::ostream& out) {
    for (size_t i = 0; i < test.size(); ++i) {
      const nn::OrderedJson line = {{"input", test[i].input},
                                    {"expected", test[i].output},
                                    {"answer", answers[i]},
                                    {"right", bool(right[i])}};
      out << nn::json_text(line) << '\n';
    }
  });
}

std::vector<std::string> read_answers(const nn::Path& file) {
  const std::string content = nn::read_file(file, "answers");
  std::vector<std::string> answers;
  for (const Line& line : non_blank_lines(content)) {
    const std::string place = fmt::format("{}:{}", file.string(), line.number);
    const auto json = nn::parse_json<nn::OrderedJson>(std::string(line.text), place);
    answers.push_back(nn::OrderedJsonReader{json, place}["answer"].string());
  }
  return answers;
}

struct Test {
  InstructionTask task;
  std::vector<TextPair> examples;
  models::LanguageModel llm;
};

// Answers the test examples. If the job's file exists, it is complete: nothing to do.
void run_job(const Context& context, const Test& test, const Job& job, const Task& stage, int64_t jobs) {
  const nn::Path file = context.output(job.file());
  const Task tuning = stage.part(job.name(), 2 * jobs),
             answering = stage.part(job.name() + "-answers", 2 * jobs);
  if (std::filesystem::exists(file)) {
    tuning.finish("done before");
    answering.finish("done before");
    return;
  }
  std::vector<std::string> answers;
  const auto shots = job.arm.shots ? job.arm.shots(context, job.seed) : std::vector<TextPair>();
  if (job.arm.examples) {
    answers = tune_and_answer(test.llm, test.task, job.arm.examples(context, job.seed), test.examples, shots,
                              context.config<FinetuneConfig>("finetune"), job.seed, tuning, answering);
  } else {
    answers = answer(test.llm, test.task, test.examples, shots, answering);
  }
  write_answers(file, test.task, test.examples, answers);
  tuning.discard();
  answering.discard();
}

Results empty_results(const TunedArms& arms) {
  Results results;
  results.about = arms.about;
  results.unit = "example";
  results.measures = results.headline = {"right"};
  results.facts = {"examples"};
  results.note = "right: share of right answers; examples: the number that the arm was fine-tuned on";
  results.baseline = arms.baseline;
  for (const TunedArm& arm : arms.arms) results.arms.push_back({arm.name, arm.meaning, arm.is_the_method});
  return results;
}

// The first test examples with the answers of each arm's first seed.
nn::OrderedJson describe_answers(const std::vector<TextPair>& test,
                                 const std::vector<std::pair<std::string, std::vector<std::string>>>& arms) {
  nn::OrderedJson shown = nn::OrderedJson::array();
  for (size_t i = 0; i < std::min(kShownAnswers, test.size()); ++i) {
    nn::OrderedJson answers = nn::OrderedJson::array();
    for (const auto& [arm, texts] : arms) answers.push_back({{"arm", arm}, {"answer", texts.at(i)}});
    shown.push_back({{"input", test[i].input}, {"expected", test[i].output}, {"answers", answers}});
  }
  return shown;
}

int64_t answer_all(const Context& context, const TunedArms& arms) {
  const Test test{arms.task(context), arms.test(context), language_model(context)};
  const Task stage = context.task();
  const auto jobs = std::ssize(arms.arms) * std::ssize(context.seeds());
  stage.announce(fmt::format("{} of {} arms and {}, {} to answer", jobs, arms.arms.size(),
                             counted(std::ssize(context.seeds()), "seed"),
                             counted(std::ssize(test.examples), "test example")));
  Results results = empty_results(arms);
  std::vector<std::pair<std::string, std::vector<std::string>>> first_seed;
  for (const TunedArm& arm : arms.arms) {
    for (const uint64_t seed : context.seeds()) {
      const Job job{arm, seed};
      run_job(context, test, job, stage, jobs);
      const std::vector<std::string> answers = read_answers(context.output(job.file()));
      std::vector<double> right;
      for (const bool r : right_answers(test.task, test.examples, answers)) right.push_back(r);
      const double examples = arm.examples ? double(arm.examples(context, seed).size()) : 0;
      results.rows.push_back({arm.name, seed, {examples}, {right}});
      if (seed == context.seeds()[0]) first_seed.emplace_back(arm.name, answers);
    }
  }
  stage.finish(counted(jobs, "file") + " of answers");
  context.record(describe_answers(test.examples, first_seed));
  context.record(summarise(results));
  return 0;
}

std::string answers_html(const nn::OrderedJsonReader& found) {
  std::string rows, head = column("Input");
  for (const nn::OrderedJsonReader& example : found.list()) {
    const bool first = rows.empty();
    std::string cells;
    for (const nn::OrderedJsonReader& answer : example["answers"].list()) {
      if (first) head += column(escaped(answer["arm"].string()));
      cells += cell(escaped(shortened(answer["answer"].string(), 100)));
    }
    rows += row(escaped(shortened(example["input"].string(), 300)),
                "right: " + escaped(example["expected"].string()), cells);
  }
  return table("Answers of each arm", "The first test examples, and the answers with the first seed", head,
               rows);
}

// Measures with the test examples, because generated ones are not there yet.
void check_answer(const Context& context, const TunedArms& arms) {
  const TunedArm& last = arms.arms.back();
  check_tuning(context, arms.task(context), arms.test(context),
               last.shots ? last.shots(context, context.seeds()[0]) : std::vector<TextPair>());
}

}  // namespace

void check_tuning(const Context& context, const InstructionTask& task, const std::vector<TextPair>& examples,
                  const std::vector<TextPair>& shots) {
  const models::LanguageModel llm = language_model_to_measure(context);
  const Finetuning finetuning = on_completions(
      *llm.model, completions_of(task, examples, shots, *llm.tokenizer, llm.model->config().vocabulary));
  check_finetuning_memory(*llm.model, context.config<FinetuneConfig>("finetune"), finetuning);
}

Stage answer_stage(const TunedArms& arms, const LanguageModelConfig& llm, std::vector<std::string> inputs,
                   std::vector<std::string> configs) {
  configs.insert(configs.end(), {"llm", "finetune"});
  return {.name = kAnswer,
          .help = "fine-tunes the language model once per arm and seed, and lets it answer the test examples",
          .inputs = with_llm(std::move(inputs), llm),
          .files = {"answers-*.jsonl"},
          .configs = std::move(configs),
          .all_seeds = true,
          .check = [arms](const Context& context) { check_answer(context, arms); },
          .run = [arms](const Context& context) { return answer_all(context, arms); }};
}

ReportSection answers_section() { return {"answers", "Answers", kAnswer, answers_html}; }

}  // namespace p2rec
