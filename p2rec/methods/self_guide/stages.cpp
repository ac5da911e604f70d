// SELF-GUIDE on disk. The stage `invent` writes the inputs, a file for each seed, `annotate` their outputs;
// `answer` compares what the model learns from them (methods/common/tuned_arms.h).
#include <fmt/format.h>

#include "nn/io/json.h"
#include "p2rec/methods/common/generated_data.h"
#include "p2rec/methods/common/tuned_arms.h"
#include "p2rec/methods/self_guide/self_guide.h"

namespace p2rec {
namespace {

constexpr const char *kInvent = "invent", *kAnnotate = "annotate";
constexpr int64_t kSyntheticFilms = 1500, kTinyFilms = 2000;
constexpr int64_t kExamples = 3;

std::string inputs_file(uint64_t seed) { return fmt::format("inputs-{}.jsonl", seed); }
std::string pairs_file(uint64_t seed) { return fmt::format("generated-{}.jsonl", seed); }

const SelfGuideOptions& options_of(const Context& context) {
  return context.config<SelfGuideOptions>("self_guide");
}

// All films in a fixed random order: first those of the test, then those whose genres may be used.
std::vector<TextPair> films_of(const Context& context) {
  const SelfGuideOptions& options = options_of(context);
  const auto films =
      options.films == "synthetic" ? synthetic_films(kSyntheticFilms, 1) : read_films(options.films);
  INPUT_CHECK(options.test_examples + kExamples <= std::ssize(films), "test-examples: found ",
              options.test_examples, ", but ", options.films, " has ", films.size(), " films, and ",
              kExamples, " are examples");
  std::vector<TextPair> shuffled;
  for (const int32_t i :
       ag::random_permutation({1, 0, ag::stream("order of films")}, static_cast<int32_t>(films.size())))
    shuffled.push_back(films[static_cast<size_t>(i)]);
  return shuffled;
}

InstructionTask task_of(const Context& context) { return genre_task(films_of(context)); }

std::vector<TextPair> test_films(const Context& context) {
  std::vector<TextPair> films = films_of(context);
  films.resize(static_cast<size_t>(options_of(context).test_examples));
  return films;
}

// The films that are not tested, in an order drawn for the seed: the first three are the examples.
std::vector<TextPair> known_films(const Context& context, uint64_t seed) {
  const std::vector<TextPair> films = films_of(context);
  const auto tested = static_cast<int32_t>(options_of(context).test_examples);
  std::vector<TextPair> known;
  for (const int32_t i : ag::random_permutation({seed, 0, ag::stream("known films")},
                                                static_cast<int32_t>(films.size()) - tested))
    known.push_back(films[static_cast<size_t>(tested + i)]);
  return known;
}

std::vector<TextPair> examples_of(const Context& context, uint64_t seed) {
  std::vector<TextPair> films = known_films(context, seed);
  films.resize(kExamples);
  return films;
}

// Prompts for inputs and few-shot prompts on synthetic films, with their answers: what a model must be able
// to read before it can make data. Without zero-shot prompts.
std::vector<std::string> tiny_lines(const Context& context) {
  const std::vector<TextPair> films = synthetic_films(kTinyFilms, context.seed() + 1);
  const InstructionTask task = genre_task(films);
  std::vector<std::string> lines;
  for (size_t i = 0; i + kExamples < films.size(); ++i) {
    const std::vector<TextPair> shots(films.begin() + static_cast<int64_t>(i),
                                      films.begin() + static_cast<int64_t>(i) + kExamples);
    const TextPair& film = films[i + kExamples];
    lines.push_back(i % 2 ? task_prompt(task, film.input, shots) + " " + film.output
                          : input_prompt(task, shots, {}, film.output) + " " + film.input);
  }
  return lines;
}

// --- invent and annotate -----------------------------------------------------------------------------------

int64_t invent(const Context& context) {
  const SelfGuideOptions& options = options_of(context);
  const models::LanguageModel llm = language_model(context);
  const Task stage = context.task();
  const int64_t texts = options.rounds * options.inputs_per_round;
  stage.announce(fmt::format("{} for each of {}", counted(texts, "input"),
                             counted(std::ssize(context.seeds()), "seed")));
  std::vector<SeedData> written;
  for (const uint64_t seed : context.seeds()) {
    const Task part = stage.part(fmt::format("inputs-{}", seed), std::ssize(context.seeds()));
    const nn::Path file = context.output(inputs_file(seed));
    if (std::filesystem::exists(file)) {
      part.finish("done before");
    } else {
      TextGenerator generate(llm, texts, part);
      write_generated(file,
                      write_inputs(task_of(context), examples_of(context, seed), options, seed, generate));
      part.discard();
    }
    written.push_back({seed, read_generated(file)});
  }
  stage.finish(generated_text(written));
  return 0;
}

int64_t annotate(const Context& context) {
  const SelfGuideOptions& options = options_of(context);
  const models::LanguageModel llm = language_model(context);
  const Task stage = context.task();
  std::vector<SeedData> written;
  for (const uint64_t seed : context.seeds()) {
    const Task part = stage.part(fmt::format("outputs-{}", seed), std::ssize(context.seeds()));
    const nn::Path file = context.output(pairs_file(seed));
    if (std::filesystem::exists(file)) {
      part.finish("done before");
    } else {
      std::vector<Generated> all = read_generated(context.input(kInvent, inputs_file(seed)));
      TextGenerator generate(llm, outputs_of(all, options), part);
      write_outputs(task_of(context), examples_of(context, seed), options, seed, generate, all);
      write_generated(file, all);
      part.discard();
    }
    written.push_back({seed, read_generated(file)});
    INPUT_CHECK(!kept(written.back().all).empty(), "self_guide: no example was kept with seed ", seed, ": ",
                generated_text({written.back()}), "; hint: more rounds, or another language model");
  }
  stage.finish(generated_text(written));
  context.record(describe_generated(written));
  return 0;
}

// --- answer ------------------------------------------------------------------------------------------------

std::vector<TextPair> generated_texts(const Context& context, uint64_t seed) {
  return kept(read_generated(context.input(kAnnotate, pairs_file(seed))));
}

// As many real films as there are generated ones, or all that are not tested.
std::vector<TextPair> real_films(const Context& context, uint64_t seed) {
  std::vector<TextPair> films = known_films(context, seed);
  films.resize(std::min(films.size(), generated_texts(context, seed).size()));
  return films;
}

TunedArms arms() {
  TunedArms arms;
  arms.baseline = "few_shot";
  arms.about = "The genre of a film from its title: the share of test films whose genre is named exactly.";
  arms.task = task_of;
  arms.test = test_films;
  arms.arms = {
      {"zero_shot", "the base, with the instruction only"},
      {"few_shot", "the base, with three examples in the prompt", {}, examples_of},
      {"real", "fine-tuned on as many real films as self_guide has generated ones", real_films, examples_of},
      {"self_guide", "fine-tuned on the films that the base has written", generated_texts, examples_of,
       true}};
  return arms;
}

}  // namespace

void describe(SelfGuideOptions& o, const nn::Visit& visit) {
  visit({"films", "titles and genres: a table such as movies.csv, or 'synthetic'", nn::kAny, {}, "synthetic"},
        &o.films);
  visit({"test-examples", "number of test examples", nn::at_least(1)}, &o.test_examples);
  visit({"rounds", "rounds in which inputs are written", nn::between(1, kMostRounds)}, &o.rounds);
  visit({"inputs-per-round", "inputs written in a round", nn::at_least(1)}, &o.inputs_per_round);
  visit({"input-temperature", "temperature at which inputs are written", nn::kPositive}, &o.temperature);
  visit({"outputs-per-input", "outputs written for an input, of which the most frequent counts",
         nn::at_least(1)},
        &o.outputs_per_input);
  visit({"consensus-share", "least share of the most frequent output", nn::between(0, 1)},
        &o.consensus_share);
  visit({"filter-length", "drop inputs outside of two standard deviations of the examples' lengths"},
        &o.filter_length);
  visit({"filter-noise", "drop inputs and outputs with an assistant's phrases"}, &o.filter_noise);
  visit({"filter-duplicates", "drop inputs that are there already"}, &o.filter_duplicates);
  visit({"filter-consensus", "drop inputs whose outputs differ; otherwise the first output counts"},
        &o.filter_consensus);
  visit({"filter-labels", "drop inputs whose output holds no label"}, &o.filter_labels);
  visit({"balance", "keep every label as often as the rarest one"}, &o.balance);
}

Sections SelfGuideConfig::sections() {
  return {Section::of("self_guide", "Data", options), Section::of("llm", "Language model", llm),
          Section::of("finetune", "Fine-tuning", finetune)};
}

void SelfGuideConfig::check() const {
  INPUT_CHECK(options.films == "synthetic" || std::filesystem::exists(options.films),
              "films: there is no file '", options.films,
              "'; expected a table of titles and genres, or synthetic");
}

Stages SelfGuideConfig::stages() const {
  Stages stages;
  if (llm.is_tiny()) stages.push_back(tiny_llm_stage(tiny_lines));
  stages.push_back({.name = kInvent,
                    .help = "lets the language model write inputs of a task, and filters them",
                    .inputs = with_llm({}, llm),
                    .files = {"inputs-*.jsonl"},
                    .configs = {"self_guide", "llm"},
                    .all_seeds = true,
                    .run = invent});
  stages.push_back(
      {.name = kAnnotate,
       .help = "lets the language model write the outputs, filters them, and balances the labels",
       .inputs = with_llm({kInvent}, llm),
       .files = {"generated-*.jsonl"},
       .configs = {"self_guide", "llm"},
       .all_seeds = true,
       .run = annotate});
  stages.push_back(answer_stage(arms(), llm, {kAnnotate}, {"self_guide"}));
  return stages;
}

std::vector<ReportSection> self_guide_report_sections() {
  return {generated_section(kAnnotate), answers_section()};
}

}  // namespace p2rec
