#include "p2rec/methods/darec/darec.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "nn/io/json.h"
#include "p2rec/methods/common/candidate_results.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr const char *kSearch = "search", *kAblate = "ablate", *kTrialsFile = "trials.json";

// What the stages after the teacher share.
struct Setup {
  models::LanguageModel llm;
  DarecModel model;

  explicit Setup(const Context& context)
      : llm(language_model(context)),
        model(*llm.model, *llm.tokenizer, context.data(), teacher_table(context),
              context.config<DarecModelConfig>("darec")) {}
};

const CandidateConfig& candidate_config(const Context& context) {
  return context.config<CandidateConfig>("candidates");
}

TrainingLists lists_to_learn(const Context& context) {
  return training_lists(context.data(), candidate_config(context).count, context.seed(), 2,
                        context.config<DarecModelConfig>("darec").users);
}

// The tensors of a trained variant, out of its file.
void read_variant(DarecModel& model, const Context& context, const DarecVariant& variant,
                  const nn::Path& file) {
  model.begin(variant, context.seed());
  const nn::TensorFile saved = nn::read_safetensors(file);
  for (auto& [name, tensor] : model.trained()) Tensor(tensor).copy_from(saved.at(name));
}

// Trains a variant and writes its tensors. A file that exists is complete and was made with these options:
// then it is read.
void train_variant(DarecModel& model, const Context& context, const DarecVariant& variant,
                   const nn::Path& file, const Task& task) {
  if (std::filesystem::exists(file)) return read_variant(model, context, variant, file);
  model.begin(variant, context.seed());
  train_darec(model, context.data(), lists_to_learn(context), context.seed(), task);
  nn::write_safetensors(file, model.trained(), context.metadata());
}

// --- the search --------------------------------------------------------------------------------------------

std::string trial_file(const Point& adapters) { return "trial-" + name_of(adapters) + ".safetensors"; }

double mean_ndcg(const std::vector<int64_t>& ranks) {
  double sum = 0;
  for (const int64_t rank : ranks) sum += gain(Measure::NDCG, rank, 5);
  return sum / static_cast<double>(ranks.size());
}

nn::OrderedJson trials_json(const std::vector<SearchTrial>& trials) {
  nn::OrderedJson list = nn::OrderedJson::array();
  for (const SearchTrial& trial : trials)
    list.push_back({{"adapters", name_of(trial.point)}, {"value", trial.value}});
  return list;
}

SearchConfig bayesian_search(const Context& context) {
  SearchConfig config = context.config<SearchConfig>("search");
  config.seed = context.seed();
  return config;
}

SearchConfig random_search(const Context& context) {
  SearchConfig config = bayesian_search(context);
  config.first = config.trials;
  return config;
}

void check_search(const Context& context) {
  check_candidate_ranking(context);
  lists_to_learn(context);
  const int64_t layers = language_model_to_measure(context).model->config().layers,
                groups = groups_of(context.config<DarecModelConfig>("darec"), layers),
                choices = SearchSpace{groups, kAdapters}.size(),
                trials = context.config<SearchConfig>("search").trials;
  INPUT_CHECK(trials <= choices, "search-trials: found ", trials, "; expected at most ", choices,
              ", the choices of adapters for ", groups, " groups of layers");
}

// Writes trials.json: {"bayesian": [{"adapters", "value"}], "random": ...}, and the tensors of each trial. A
// choice that both searches try is trained once.
int64_t search_adapters(const Context& context) {
  Setup setup(context);
  DarecModel& model = setup.model;
  const auto lists = candidate_lists(context.data(), Target::Validation, candidate_config(context));
  const SearchConfig bayesian = bayesian_search(context), random = random_search(context);
  const Task stage = context.task();
  stage.announce(fmt::format("{} of {} layers, {} by Bayesian optimisation and at random",
                             counted(model.groups(), "group"), setup.llm.model->config().layers,
                             counted(bayesian.trials, "trial")));
  const int64_t parts = 2 * (bayesian.trials + random.trials);  // a training and a validation each
  std::map<std::string, double> known;
  const auto value = [&](const Point& adapters) {
    const std::string name = name_of(adapters);
    if (known.contains(name)) return known[name];
    train_variant(model, context, {adapters}, context.output(trial_file(adapters)), stage.part(name, parts));
    const Tensor scores =
        darec_scores(model, context.data(), lists, Target::Validation, stage.part("validate-" + name, parts));
    known[name] = mean_ndcg(ranks_in_lists(lists, scores));
    context.say(fmt::format("adapters {}: validation NDCG@5 {:.4f}", name, known[name]));
    return known[name];
  };
  const SearchSpace space{model.groups(), kAdapters};
  const nn::OrderedJson trials = {{"bayesian", trials_json(search(space, bayesian, value))},
                                  {"random", trials_json(search(space, random, value))}};
  nn::write_atomically(context.output(kTrialsFile), nn::json_text(trials, 1) + "\n");
  context.record(trials);
  stage.finish(counted(std::ssize(known), "training"));
  return 0;
}

// The adapters of a search's best trial.
Point best_adapters(const Context& context, const char* search) {
  const nn::Path file = context.input(kSearch, kTrialsFile);
  const auto json = nn::read_json_object<nn::OrderedJson>(file, "table of trials");
  std::vector<SearchTrial> trials;
  for (const auto& trial : nn::OrderedJsonReader{json, file.string()}[search].list())
    trials.push_back({adapters_named(trial["adapters"].string()), trial["value"].number()});
  return best_trial(trials).point;
}

// --- parts switched off ------------------------------------------------------------------------------------

struct Ablation {
  const char *name, *meaning;
  bool mask, vectors, adapters;
};
constexpr Ablation kAblations[] = {
    {"no_mask", "the same adapters without context masking", false, true, true},
    {"no_vectors", "the same adapters without collaborative vectors", true, false, true},
    {"no_adapters", "masking and collaborative vectors only", true, true, false}};

std::string ablation_file(const Ablation& ablation) {
  return std::string("ablation-") + ablation.name + ".safetensors";
}

DarecVariant variant_of(const Ablation& ablation, const Point& adapters) {
  return {ablation.adapters ? adapters : Point(adapters.size(), static_cast<int>(Adapter::None)),
          ablation.mask, ablation.vectors};
}

int64_t train_ablations(const Context& context) {
  Setup setup(context);
  const Point adapters = best_adapters(context, "bayesian");
  const Task stage = context.task();
  stage.announce(fmt::format("adapters {}, each part switched off", name_of(adapters)));
  for (const Ablation& ablation : kAblations)
    train_variant(setup.model, context, variant_of(ablation, adapters),
                  context.output(ablation_file(ablation)), stage.part(ablation.name, std::ssize(kAblations)));
  stage.finish(counted(std::ssize(kAblations), "training"));
  return 0;
}

// --- results -----------------------------------------------------------------------------------------------

int64_t compare_arms(const Context& context) {
  const Interactions& data = context.data();
  Setup setup(context);
  const auto lists = candidate_lists(data, Target::Test, candidate_config(context));
  const Point best = best_adapters(context, "bayesian"), random = best_adapters(context, "random");
  const Task stage = context.task();
  stage.announce(counted(std::ssize(lists), "user"));
  std::vector<ScoredArm> arms;
  const auto add = [&](const Arm& arm, const DarecVariant& variant, const nn::Path& file) {
    read_variant(setup.model, context, variant, file);
    arms.push_back({arm, darec_scores(setup.model, data, lists, Target::Test,
                                      stage.part(arm.name, 2 + std::ssize(kAblations)))});
  };
  add({"darec", fmt::format("adapters {}, chosen by Bayesian optimisation", name_of(best)), true}, {best},
      context.input(kSearch, trial_file(best)));
  add({"random_search", fmt::format("adapters {}, chosen by random search", name_of(random))}, {random},
      context.input(kSearch, trial_file(random)));
  for (const Ablation& ablation : kAblations)
    add({ablation.name, ablation.meaning}, variant_of(ablation, best),
        context.input(kAblate, ablation_file(ablation)));
  const CandidateList& first = lists[0];
  const std::string prompt =
      darec_text(data, target_history(data, first.user, Target::Test), setup.model.config().history);
  context.record(describe_ranked_list(data, first, prompt, arms[0].scores.rows(0, 1)));
  record_candidate_results(context, lists, std::move(arms), "darec");
  stage.finish(counted(std::ssize(lists), "user"));
  return 0;
}

std::string search_html(const nn::OrderedJsonReader& found) {
  CurvePlot plot{
      {"search", "Best validation NDCG@5 by trial", "One curve per search; the first trials are the same."},
      "trial",
      "NDCG@5",
      {{"Bayesian optimisation", CurveStyle::Main, {}, true},
       {"random search", CurveStyle::Second, {}, true}},
      {},
      {}};
  const std::vector<nn::OrderedJsonReader> bayesian = found["bayesian"].list(),
                                           random = found["random"].list();
  std::string rows;
  double best[] = {0, 0};
  for (size_t t = 0; t < bayesian.size(); ++t) {
    std::string cells;
    for (const size_t s : {size_t{0}, size_t{1}}) {
      const nn::OrderedJsonReader& trial = (s == 0 ? bayesian : random)[t];
      best[s] = std::max(best[s], trial["value"].number());
      plot.curves[s].points.emplace_back(double(t + 1), best[s]);
      cells += cell(code(trial["adapters"].string())) + cell(metric_text(trial["value"].number()));
    }
    rows += row(count_text(static_cast<int64_t>(t + 1)), "", cells);
  }
  plot.frame = frame_of(plot.curves, {}, false);
  return "<p>One letter for each group of layers, the first layers first: n no adapter, 4 and 8 LoRA of that "
         "rank, b a bottleneck.</p>\n" +
         figure(curve_plot(plot), "Best value so far") +
         table("Trials of both searches", "Adapters and validation NDCG@5 of each trial",
               column("Trial") + column("Bayesian optimisation") + column("NDCG@5") +
                   column("random search") + column("NDCG@5"),
               rows);
}

std::string example_html(const nn::OrderedJsonReader& found) {
  return "<p>The prompt has no candidates. A score is the mean logit of the title’s tokens.</p>\n" +
         ranked_list_html(found);
}

}  // namespace

Sections DarecConfig::sections() {
  return {Section::of("candidates", "Evaluation", candidates), Section::of("darec", "Adaptation", model),
          Section::of("search", "Adaptation", search), Section::of("llm", "Language model", llm),
          Section::of("teacher", "Teacher", teacher, "teacher.")};
}

void DarecConfig::check() const { p2rec::check(teacher.recommender); }

Stages DarecConfig::stages() const {
  Stages stages = {teacher_stage(teacher)};
  if (llm.is_tiny()) stages.push_back(tiny_llm_stage());
  stages.push_back({.name = kSearch,
                    .help = "searches for the adapter of each group of layers, by validation",
                    .inputs = with_llm({"pretrain"}, llm),
                    .files = {kTrialsFile, "trial-*.safetensors"},
                    .configs = {"llm", "candidates", "darec", "search"},
                    .sees = Sees::Validation,
                    .check = check_search,
                    .run = search_adapters});
  stages.push_back({.name = kAblate,
                    .help = "trains the language model with each of its adaptations switched off",
                    .inputs = with_llm({"pretrain", kSearch}, llm),
                    .files = {"ablation-*.safetensors"},
                    .configs = {"llm", "candidates", "darec"},
                    .run = train_ablations});
  stages.push_back(
      {.name = "evaluate",
       .help = "ranks each user's candidates and compares the arms; writes results.json, ranks.tsv and "
               "report.html",
       .inputs = with_llm({"pretrain", kSearch, kAblate}, llm),
       .files = {"ranks.tsv"},
       .configs = {"llm", "candidates", "darec", "teacher"},
       .sees = Sees::Test,
       .run = compare_arms});
  return stages;
}

std::vector<ReportSection> darec_report_sections() {
  return {{"search", "Search for adapters", kSearch, search_html},
          {"example", "A prompt and its candidates", "evaluate", example_html}};
}

}  // namespace p2rec
