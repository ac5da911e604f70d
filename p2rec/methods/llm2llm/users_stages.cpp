// LLM2LLM on P2Rec's task, on disk: P2Rec's first stages, then `teach` and `answer`.
#include <fmt/format.h>

#include <algorithm>

#include "nn/io/json.h"
#include "p2rec/methods/common/generated_data.h"
#include "p2rec/methods/llm2llm/round_files.h"
#include "p2rec/methods/llm2llm/users.h"
#include "p2rec/methods/p2rec/preferences.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr const char* kAnswer = "answer";

const UserOptions& user_options(const Context& context) { return context.config<UserOptions>("users"); }

// The seed users' training parts as texts.
std::vector<TextPair> seed_users(const Context& context, uint64_t seed) {
  const Interactions& data = context.data();
  const std::vector<int64_t> users = split_users(data).users;
  std::vector<TextPair> texts;
  for (const int32_t i :
       ag::random_permutation({seed, 0, ag::stream("seed users")}, static_cast<int32_t>(users.size()))) {
    if (std::ssize(texts) == user_options(context).seed_users) break;
    texts.push_back(text_of(training_part(data, users[static_cast<size_t>(i)]), data));
  }
  return texts;
}

// Sub-sequence `number` of a seed user.
TextPair part_of_user(const Context& context, const TextPair& user, uint64_t seed, uint32_t number,
                      uint32_t stream) {
  return text_of(sub_sequence(items_of(user, context.data()), {seed, number, stream}), context.data());
}

// The errors of a model's predictions: of each held-out user, and of each training example.
struct Errors {
  std::vector<double> heldout, training;
};

double squared_error(const Tensor& predicted, const Tensor& wanted) {
  double sum = 0;
  for (int64_t k = 0; k < wanted.numel(); ++k) {
    const double difference = double(predicted.data()[k]) - double(wanted.data()[k]);
    sum += difference * difference / double(wanted.numel());
  }
  return sum;
}

// Step 1 and 2: P2Rec's reconstruction from the base on the examples, and its errors.
Errors errors_after_tuning(const Context& context, const models::LanguageModel& llm,
                           const std::vector<TextPair>& examples, uint64_t seed, const Task& task) {
  std::vector<std::vector<int32_t>> sequences;
  for (const TextPair& text : examples) sequences.push_back(items_of(text, context.data()));
  const Interactions data = with_sequences(context.data(), sequences);
  const ItemGroups groups = read_groups(context.input("groups", kGroupsFile), context.data());
  const Tensor preferences = user_preferences(data, groups);
  const Prompts prompts(data, *llm.tokenizer, context.config<PromptConfig>("prompts"),
                        llm.model->config().vocabulary);
  ReconstructionConfig config = context.config<ReconstructionConfig>("reconstruct");
  config.finetune.seed = config.finetune.lora.seed = seed;
  const BaseAtTheEnd detaches{*llm.model};
  const Reconstruction r = reconstruct(*llm.model, prompts, data, preferences, config, task);
  const int64_t heldout = data.users() - std::ssize(sequences);
  Errors errors;
  for (int64_t user = 0; user < data.users(); ++user) {
    const Tensor predicted =
        predicted_preference(r.model, prompts.of(data.sequences[static_cast<size_t>(user)]));
    (user < heldout ? errors.heldout : errors.training)
        .push_back(squared_error(predicted, preferences.rows(user, user + 1)));
  }
  return errors;
}

// --- teach -------------------------------------------------------------------------------------------------

int64_t teach_by_users(const Context& context) {
  const UserOptions& options = user_options(context);
  const models::LanguageModel llm = language_model(context);
  const Task stage = context.task();
  const int64_t parts = options.rounds * std::ssize(context.seeds());
  std::vector<SeedData> written;
  for (const uint64_t seed : context.seeds()) {
    const std::vector<TextPair> seeds = seed_users(context, seed);
    const auto part = [&](int64_t round) {
      return stage.part(fmt::format("round-{}-{}", round, seed), parts);
    };
    const Student student = [&](int64_t round, const std::vector<TextPair>& examples) {
      const Task tuning = part(round);
      Errors errors = errors_after_tuning(context, llm, examples, seed, tuning);
      tuning.discard();
      errors.training.resize(seeds.size());  // never the generated ones, which come after the seeds
      return not_hard(errors.training, options.hard_share);
    };
    const Teacher teacher = [&](size_t user, int64_t round, int64_t attempt) {
      const auto number = (static_cast<int64_t>(user) * kMostRounds + round) * kTeacherTries + attempt;
      return part_of_user(context, seeds[user], seed, static_cast<uint32_t>(number),
                          ag::stream("sub-sequences of hard users"));
    };
    const Once once = once_per_file(context, seed, [&](int64_t round) { part(round).finish("done before"); });
    const Llm2LlmOptions rounds{.rounds = options.rounds, .rouge = options.rouge};
    written.push_back({seed, llm2llm(seeds, student, teacher, rounds, once)});
  }
  stage.finish(generated_text(written));
  context.record(describe_generated(written));
  return 0;
}

// --- answer ------------------------------------------------------------------------------------------------

std::vector<TextPair> examples_of(const Context& context, const std::string& arm, uint64_t seed) {
  const std::vector<TextPair> seeds = seed_users(context, seed);
  const std::vector<TextPair> generated = generated_texts(context, user_options(context).rounds, seed);
  std::vector<TextPair> examples = seeds;
  for (uint32_t i = 0; arm != "plain" && i < generated.size(); ++i) {
    const ag::RandomKey key{seed, i, ag::stream("random users")};
    const TextPair& user = seeds[ag::random_below(key, 0, static_cast<uint32_t>(seeds.size()))];
    examples.push_back(
        arm == "llm2llm" ? generated[i]
                         : part_of_user(context, user, seed, i, ag::stream("sub-sequences of random users")));
  }
  return examples;
}

int64_t answer_all(const Context& context) {
  const models::LanguageModel llm = language_model(context);
  const Task stage = context.task();
  Results results;
  results.about = "The preferences of held-out users, reconstructed from their items.";
  results.unit = "user";
  results.measures = results.headline = {"fit"};
  results.facts = {"examples"};
  results.note = "fit: 1 - squared error / that of the mean preference; examples: sequences trained on";
  results.baseline = "plain";
  results.arms = {{"plain", "fine-tuned on the seed users"},
                  {"random", "and on as many sub-sequences of random seed users as llm2llm has"},
                  {"llm2llm", "and on sub-sequences of the users with the largest errors", true}};
  const auto jobs = std::ssize(results.arms) * std::ssize(context.seeds());
  const ItemGroups groups = read_groups(context.input("groups", kGroupsFile), context.data());
  const double level =
      error_of_mean(context.data(), user_preferences(context.data(), groups), split_users(context.data()));
  for (const Arm& arm : results.arms) {
    for (const uint64_t seed : context.seeds()) {
      const std::vector<TextPair> examples = examples_of(context, arm.name, seed);
      const std::string name = fmt::format("{}-{}", arm.name, seed);
      const nn::Path file = context.output("fit-" + name + ".safetensors");
      const Task part = stage.part(name, jobs);
      if (std::filesystem::exists(file)) {
        part.finish("done before");
      } else {
        std::vector<double> fit;
        for (const double error : errors_after_tuning(context, llm, examples, seed, part).heldout)
          fit.push_back(1 - error / level);
        nn::write_safetensors(file, {{"fit", Tensor::from({std::ssize(fit)}, fit)}}, context.metadata());
        part.discard();
      }
      const std::vector<ag::real> fit = nn::read_safetensors(file).at("fit").values();
      results.rows.push_back(
          {arm.name, seed, {double(examples.size())}, {std::vector<double>(fit.begin(), fit.end())}});
    }
  }
  stage.finish(counted(jobs, "reconstruction"));
  context.record(summarise(results));
  return 0;
}

}  // namespace

void describe(UserOptions& options, const nn::Visit& visit) {
  visit({"seed-users", "number of seed users, at most all training users", nn::between(1, 100000)},
        &options.seed_users);
  visit({"hard-share", "share of the seed users whose errors count as the largest", nn::kInside},
        &options.hard_share);
  visit({"rounds", "rounds of fine-tuning, testing and teaching", nn::between(1, kMostRounds)},
        &options.rounds);
  visit({"rouge", "drop a sub-sequence if the ROUGE-L of its ids with another one's is above this",
         nn::between(0, 1)},
        &options.rouge);
}

Sections Llm2LlmUsersConfig::sections() {
  Sections sections = {Section::of("users", "Data", options)};
  for (Section& section : p2rec.sections()) {
    if (section.name != "starts" && section.name != "evaluation") sections.push_back(std::move(section));
  }
  return sections;
}

Stages Llm2LlmUsersConfig::stages() const {
  Stages stages;
  Stage reconstruct;  // P2Rec's: what it checks, `teach` must check
  for (Stage& stage : p2rec.stages()) {
    if (stage.name == "reconstruct") reconstruct = stage;
    if (stage.name == "pretrain" || stage.name == "groups" || stage.name == "tiny_llm")
      stages.push_back(std::move(stage));
  }
  stages.push_back({.name = kTeach,
                    .help = "lets the users with the largest errors give sub-sequences",
                    .inputs = reconstruct.inputs,
                    .files = {"generated-*.jsonl"},
                    .configs = {"users", "llm", "prompts", "reconstruct"},
                    .all_seeds = true,
                    .check = reconstruct.check,
                    .run = teach_by_users});
  std::vector<std::string> inputs = reconstruct.inputs;
  inputs.emplace_back(kTeach);
  stages.push_back({.name = kAnswer,
                    .help = "fine-tunes the language model once per arm and seed, and compares their errors",
                    .inputs = inputs,
                    .files = {"fit-*.safetensors"},
                    .configs = {"users", "llm", "prompts", "reconstruct"},
                    .all_seeds = true,
                    .run = answer_all});
  return stages;
}

std::vector<ReportSection> llm2llm_users_report_sections() { return {generated_section(kTeach)}; }

}  // namespace p2rec
