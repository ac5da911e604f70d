// The method on disk: each arm and seed is a training with its own file, and the last step compares them.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "nn/io/json.h"
#include "p2rec/methods/federated/federated.h"
#include "p2rec/methods/p2rec/p2rec.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/run/run_folder.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr const char* kStage = "federate";

struct Training {
  std::string arm;
  uint64_t seed;
  std::string name() const { return fmt::format("{}-{}", arm, seed); }
  std::string file() const { return "federated-" + name() + ".safetensors"; }
};

std::vector<Training> trainings_of(const Context& context) {
  std::vector<Training> trainings;
  for (const std::string& arm : context.config<FederateConfig>(kStage).arms) {
    for (const uint64_t seed : context.seeds()) trainings.push_back({arm, seed});
  }
  return trainings;
}

FederateConfig with_seed(const Context& context, uint64_t seed) {
  FederateConfig config = context.config<FederateConfig>(kStage);
  config.rounds.seed = config.lora.seed = seed;
  return config;
}

void check_federate(const Context& context) {
  const auto& config = context.config<FederateConfig>(kStage);
  check_language_model(context, context.config<PromptConfig>("prompts"));
  const int64_t users = std::ssize(checked_split(context.data()).users);
  INPUT_CHECK(config.clients <= users, "clients: found ", config.clients, ", but ", context.data().source,
              " has only ", users, " training users; expected at least one for each client");
  INPUT_CHECK(config.rounds.sampled <= config.clients, "sampled: found ", config.rounds.sampled,
              "; expected at most clients, ", config.clients);
  if (std::ranges::count(config.arms, "offsite"))
    emulator_layers(language_model_to_measure(context).model->config().layers, config.offsite);
}

// --- one training ------------------------------------------------------------------------------------------

Tensor list_of(const std::vector<double>& values) { return Tensor::from({std::ssize(values)}, values); }

void write_outcome(const Context& context, const Training& training, const ArmOutcome& outcome) {
  nn::NamedTensors tensors = outcome.trained;
  tensors.emplace_back("history.train", list_of(outcome.history.train));
  tensors.emplace_back("history.heldout", list_of(outcome.history.heldout));
  tensors.emplace_back("history.gap", list_of(outcome.history.gap));
  tensors.emplace_back("heldout.errors", list_of(outcome.errors));
  nn::Metadata metadata = context.metadata();
  metadata["bytes_before"] = std::to_string(outcome.bytes_before);
  metadata["bytes_per_round"] = std::to_string(outcome.bytes_per_round);
  nn::write_safetensors(context.output(training.file()), tensors, metadata);
}

ArmOutcome read_outcome(const Context& context, const Training& training) {
  const nn::TensorFile file = nn::read_safetensors(context.output(training.file()));
  const auto list = [&](const char* name) {
    const std::vector<ag::real> values = file.at(name).values();
    return std::vector<double>(values.begin(), values.end());
  };
  return {.trained = {},
          .history = {list("history.train"), list("history.heldout"), list("history.gap")},
          .errors = list("heldout.errors"),
          .bytes_before = integer_in(file.metadata, "bytes_before", file.path),
          .bytes_per_round = integer_in(file.metadata, "bytes_per_round", file.path)};
}

// --- the comparison ----------------------------------------------------------------------------------------

Results results_of(const std::vector<Training>& trainings, const std::vector<ArmOutcome>& outcomes,
                   const FederateConfig& config, double error_of_mean) {
  Results results;
  results.about =
      "A language model predicts the preferences of held-out users, whom no client has. `explained` is 1 "
      "minus its squared error divided by that of predicting the mean preference: 0 is no better than the "
      "mean, 1 is perfect.";
  results.arm = "training";
  results.unit = "user";
  results.measures = results.headline = {"explained"};
  results.facts = {"rounds", "MB"};
  results.note = "MB: all that travels between server and clients, in millions of bytes";
  if (std::ranges::count(config.arms, "central")) results.baseline = "central";
  for (const FederatedArm& arm : federated_arms()) {
    if (std::ranges::count(config.arms, arm.name))
      results.arms.push_back({arm.name, arm.meaning, std::string(arm.name) == "fedavg"});
  }
  for (size_t i = 0; i < trainings.size(); ++i) {
    std::vector<double> explained;
    for (const double error : outcomes[i].errors) explained.push_back(1 - error / error_of_mean);
    const double bytes = static_cast<double>(outcomes[i].bytes_before) +
                         static_cast<double>(outcomes[i].bytes_per_round) * double(config.rounds.rounds);
    results.rows.push_back(
        {trainings[i].arm, trainings[i].seed, {double(config.rounds.rounds), bytes / 1e6}, {explained}});
  }
  return results;
}

nn::OrderedJson described(const Training& training, const ArmOutcome& outcome) {
  const double last =
      std::reduce(outcome.errors.begin(), outcome.errors.end()) / double(outcome.errors.size());
  return {{"arm", training.arm},
          {"seed", training.seed},
          {"bytes_before", outcome.bytes_before},
          {"bytes_per_round", outcome.bytes_per_round},
          {"heldout", outcome.history.heldout},
          {"gap", outcome.history.gap},
          {"last", last}};
}

nn::OrderedJson describe_shards(const Shards& shards) {
  nn::OrderedJson sizes = nn::OrderedJson::array();
  for (const auto& shard : shards) sizes.push_back(shard.size());
  return sizes;
}

// Trains what has no file yet; a file is complete and was made with these options.
int64_t federate(const Context& context) {
  const Interactions& data = context.data();
  const models::LanguageModel llm = language_model(context);
  const Prompts prompts(data, *llm.tokenizer, context.config<PromptConfig>("prompts"),
                        llm.model->config().vocabulary);
  const Tensor preferences = user_preferences(data, read_groups(context.input("groups", kGroupsFile), data));
  const UserSplit split = checked_split(data);
  const std::vector<Training> trainings = trainings_of(context);
  const Task stage = context.task();
  stage.announce(fmt::format("{} users over {}, {} held out, {}", split.users.size(),
                             counted(context.config<FederateConfig>(kStage).clients, "client"),
                             split.heldout.size(), counted(std::ssize(trainings), "training")));
  std::vector<ArmOutcome> outcomes;
  nn::OrderedJson arms = nn::OrderedJson::array();
  for (const Training& training : trainings) {
    const FederateConfig config = with_seed(context, training.seed);
    const Task part = stage.part(training.name(), std::ssize(trainings));
    if (!std::filesystem::exists(context.output(training.file()))) {
      const FederatedTask task{*llm.model,  prompts, data,
                               preferences, split,   shards_of(split, preferences, config)};
      write_outcome(context, training, run_arm(training.arm, task, config, part));
    }
    part.discard();
    outcomes.push_back(read_outcome(context, training));
    arms.push_back(described(training, outcomes.back()));
    part.finish(fmt::format("held-out loss {:.5f}", arms.back()["last"].get<double>()));
  }
  const double mean = error_of_mean(data, preferences, split);
  const FederateConfig config = with_seed(context, context.seed());
  context.record(nn::OrderedJson{{"error_of_mean", mean},
                                 {"sizes", describe_shards(shards_of(split, preferences, config))},
                                 {"trainings", arms}});
  context.record(summarise(results_of(trainings, outcomes, config, mean)));
  return 0;
}

}  // namespace

Sections FederatedConfig::sections() {
  return {Section::of("teacher", "Teacher", teacher, "teacher."),
          Section::of("groups", "Item groups", groups), Section::of("llm", "Language model", llm),
          Section::of("prompts", "Language model", prompts), Section::of(kStage, "Federation", federate)};
}

void FederatedConfig::check() const { p2rec::check(teacher.recommender); }

Stages FederatedConfig::stages() const {
  Stages stages = {teacher_stage(teacher), groups_stage()};
  if (llm.is_tiny()) stages.push_back(tiny_llm_stage());
  stages.push_back(
      {.name = kStage,
       .help = "fine-tunes the language model by clients, centrally, and by each client on its own",
       .inputs = with_llm({"groups"}, llm),
       .files = {"federated-*.safetensors"},
       .configs = {"llm", "prompts", kStage},
       .all_seeds = true,
       .check = check_federate,
       .run = p2rec::federate});
  return stages;
}

}  // namespace p2rec
