// The method on disk. Every stage sees all impressions and uses only those that impressions_of gives it for
// training.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nn/io/json.h"
#include "p2rec/methods/common/item_init.h"
#include "p2rec/methods/larr/larr.h"
#include "p2rec/run/run_folder.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr const char *kAdapt = "adapt", *kContrast = "contrast", *kScenes = "scenes", *kClick = "click";

std::string adapter_file(Adapted adapted) {
  return std::string("adapter-") + name_of(adapted) + ".safetensors";
}
std::string states_file(Adapted adapted) {
  return std::string("states-") + name_of(adapted) + ".safetensors";
}

// What every stage with a language model needs.
struct Setting {
  const Interactions& data;
  SceneConfig config;
  Impressions impressions;
  Scenes scenes;
  models::LanguageModel llm;
  SceneTexts texts;

  explicit Setting(const Context& context)
      : data(context.data()),
        config(context.config<SceneConfig>("scenes")),
        impressions(impressions_of(data, config)),
        scenes(data, config),
        llm(language_model(context)),
        texts(scenes, data, *llm.tokenizer, llm.model->config().vocabulary) {}
};

AdaptationConfig adaptation_of(const Context& context) {
  AdaptationConfig config = context.config<AdaptationConfig>("adaptation");
  config.seed = config.lora.seed = context.seed();
  return config;
}

void check_scenes(const Context& context) {
  const auto& config = context.config<SceneConfig>("scenes");
  impressions_of(context.data(), config);
  const Scenes scenes(context.data(), config);
  INPUT_CHECK(context.config<LanguageModelConfig>("llm").precision == Precision::F32,
              "precision: found bf16, but larr adds its adapters to the weights; expected f32");
  const models::LanguageModel llm = language_model_to_measure(context);
  const SceneTexts texts(scenes, context.data(), *llm.tokenizer, llm.model->config().vocabulary);
  for (int64_t i = 0; i < scenes.features(); ++i) texts.feature(i);
  for (int64_t i = 0; i < context.data().items(); ++i) texts.item(static_cast<int32_t>(i));
}

// --- steps 1 and 2 -----------------------------------------------------------------------------------------

void write_adapter(const Context& context, Adapted adapted, const models::Llama& llm,
                   const Tensor& new_tokens) {
  nn::NamedTensors tensors = nn::lora_parameters(llm);
  tensors.emplace_back("new_tokens", new_tokens);
  nn::write_safetensors(context.output(adapter_file(adapted)), tensors, context.metadata());
}

// Adds a trained adapter to the weights. Returns its new tokens.
Tensor merge_adapter(models::Llama& llm, const nn::Path& path, const nn::LoraConfig& lora) {
  const nn::TensorFile file = nn::read_safetensors(path);
  nn::attach_lora(llm, lora);
  for (const auto& [name, x] : nn::lora_parameters(llm)) Tensor(x).copy_from(file.at(name));
  nn::merge_lora(llm);
  nn::detach_lora(llm);
  return file.at("new_tokens").to(llm.device());
}

Tensor untrained_tokens(const Setting& s, uint64_t seed) {
  return initial_item_tokens(*s.llm.model, s.texts.new_tokens(), seed);
}

std::string losses_text(const std::vector<double>& losses) {
  const int64_t steps = std::ssize(losses), few = std::min<int64_t>(20, steps);
  return fmt::format("loss {:.3f} in the first {} steps, {:.3f} in the last", mean_loss(losses, 0, few), few,
                     mean_loss(losses, steps - few, steps));
}

int64_t adapt(const Context& context) {
  const Setting s(context);
  const AdaptationConfig config = adaptation_of(context);
  const Task task = context.task();
  task.announce(fmt::format("{} training impressions, {} new tokens, {}", s.impressions.train.size(),
                            s.texts.new_tokens(), counted(config.pretrain_steps, "step")));
  const ItemReader reader{*s.llm.model, untrained_tokens(s, config.seed)};
  const auto losses =
      pretrain_on_scenes(reader, *s.llm.model, s.texts, s.data.items(), s.impressions.train, config, task);
  write_adapter(context, Adapted::Pretrained, *s.llm.model, reader.item_tokens);
  task.finish(losses_text(losses));
  return 0;
}

// Step 2 on the pre-trained model, and for the ablation on the untuned one.
int64_t contrast(const Context& context) {
  const AdaptationConfig config = adaptation_of(context);
  const Task stage = context.task();
  for (const Adapted adapted : {Adapted::Both, Adapted::Contrasted}) {
    const Task part = stage.part(name_of(adapted), 2);
    if (!std::filesystem::exists(context.output(adapter_file(adapted)))) {
      const Setting s(context);
      const Tensor tokens =
          adapted == Adapted::Both
              ? merge_adapter(*s.llm.model, context.input(kAdapt, adapter_file(Adapted::Pretrained)),
                              config.lora)
              : untrained_tokens(s, config.seed);
      const ItemReader reader{*s.llm.model, tokens};
      const auto losses =
          train_contrast(reader, *s.llm.model, s.texts, s.impressions.train, s.config, config, part);
      write_adapter(context, adapted, *s.llm.model, reader.item_tokens);
      part.finish(losses_text(losses));
    }
    part.discard();
  }
  return 0;
}

// --- step 3 ------------------------------------------------------------------------------------------------

// A model with the adapters of these steps.
ItemReader reader_of(const Context& context, const Setting& s, Adapted adapted) {
  const AdaptationConfig config = adaptation_of(context);
  models::Llama& llm = *s.llm.model;
  Tensor tokens = untrained_tokens(s, config.seed);
  if (adapted == Adapted::Pretrained || adapted == Adapted::Both)
    tokens = merge_adapter(llm, context.input(kAdapt, adapter_file(Adapted::Pretrained)), config.lora);
  if (adapted == Adapted::Contrasted || adapted == Adapted::Both)
    tokens = merge_adapter(llm, context.input(kContrast, adapter_file(adapted)), config.lora);
  return {llm, tokens};
}

// The texts that a request may need: of all features, then of all items.
SceneTexts::Tokens text_of(const Setting& s, int64_t i) {
  const int64_t features = s.scenes.features();
  return i < features ? s.texts.feature(i) : s.texts.item(static_cast<int32_t>(i - features));
}

void embed_variant(const Context& context, const Setting& s, Adapted adapted, const Task& part) {
  const int64_t features = s.scenes.features(), texts = features + s.data.items();
  const ItemReader reader = reader_of(context, s, adapted);
  const Tensor states = embed_items(
      reader, texts, [&](int64_t i) { return text_of(s, i); }, nullptr, part);
  nn::write_safetensors(context.output(states_file(adapted)),
                        {{"features", states.rows(0, features)}, {"items", states.rows(features, texts)}},
                        context.metadata());
}

// Embeds every text once for each adaptation. Returns the number of tokens read.
int64_t embed_scenes(const Context& context) {
  const Task stage = context.task();
  int64_t tokens = 0;
  for (const Adapted adapted : kAdapted) {
    const Setting s(context);
    const Task part = stage.part(name_of(adapted), std::ssize(kAdapted));
    if (!std::filesystem::exists(context.output(states_file(adapted))))
      embed_variant(context, s, adapted, part);
    part.discard();
    for (int64_t i = 0; i < s.scenes.features() + s.data.items(); ++i) tokens += std::ssize(text_of(s, i));
  }
  return tokens;
}

// --- steps 4 to 6 ------------------------------------------------------------------------------------------

struct ClickJob {
  std::string arm;
  uint64_t seed;
  std::string name() const { return fmt::format("{}-{}", arm, seed); }
  std::string file() const { return "click-" + name() + ".safetensors"; }
};

// The control comes first: others are aligned with its item vectors.
std::vector<ClickJob> jobs_of(const Context& context) {
  const std::vector<std::string>& chosen = context.config<LarrArmsConfig>("arms").arms;
  std::vector<ClickJob> jobs;
  for (const LarrArm& arm : larr_arms()) {
    if (&arm != &larr_arms().front() && !std::ranges::count(chosen, arm.name)) continue;
    for (const uint64_t seed : context.seeds()) jobs.push_back({arm.name, seed});
  }
  return jobs;
}

CtrInputs inputs_of(const Context& context, const ClickJob& job) {
  const LarrArm& arm = larr_arm(job.arm);
  CtrInputs inputs{.one_hot = arm.one_hot};
  if (arm.texts) {
    const nn::TensorFile states = nn::read_safetensors(context.input(kScenes, states_file(arm.adapted)));
    const auto own = [&](const Tensor& x) { return standardised(arm.shuffled ? shuffled(x, job.seed) : x); };
    inputs.features = own(states.at("features"));
    inputs.items = own(states.at("items"));
  }
  if (arm.align) {
    const ClickJob control{larr_arms().front().name, job.seed};
    inputs.aligned = nn::read_safetensors(context.output(control.file())).at("item_vectors");
  }
  return inputs;
}

Tensor list_of(const std::vector<double>& values) { return Tensor::from({std::ssize(values)}, values); }

void train_job(const Context& context, const Scenes& scenes, const Impressions& impressions,
               const ClickJob& job, const Task& part) {
  CtrConfig config = context.config<CtrConfig>("ctr");
  config.seed = job.seed;
  const CtrTraining trained =
      train_ctr(scenes, context.data().items(), impressions, inputs_of(context, job), config, part);
  nn::NamedTensors tensors = trained.model->named_parameters();
  tensors.emplace_back("test.probabilities", list_of(click_probabilities(*trained.model, impressions.test)));
  if (job.arm == larr_arms().front().name)
    tensors.emplace_back("item_vectors", trained.model->item_vectors());
  nn::Metadata metadata = context.metadata();
  metadata["best_epoch"] = std::to_string(trained.best_epoch);
  nn::write_safetensors(context.output(job.file()), tensors, metadata);
}

// The test probabilities of a job, and the epoch of its weights.
struct Predicted {
  ClickJob job;
  std::vector<double> probabilities;
  double best_epoch = 0;
};

Predicted read_job(const Context& context, const ClickJob& job) {
  const nn::TensorFile file = nn::read_safetensors(context.output(job.file()));
  const std::vector<ag::real> values = file.at("test.probabilities").values();
  return {job, {values.begin(), values.end()}, double(integer_in(file.metadata, "best_epoch", file.path))};
}

// --- results -----------------------------------------------------------------------------------------------

Results results_of(const std::vector<Predicted>& predicted, const std::vector<bool>& clicks) {
  Results results;
  results.about =
      "AUC: the share of the test impressions without a click that the model scores below a click, the mean "
      "over all clicks. 0.5 is chance.";
  results.arm = "model";
  results.unit = "click";
  results.measures = results.headline = {"AUC"};
  results.facts = {"mnat", "epoch"};
  results.note = "mnat: log-loss of all test impressions, in thousandths; epoch: of the weights";
  results.baseline = larr_arms().front().name;
  for (const LarrArm& arm : larr_arms()) {
    if (std::ranges::any_of(predicted, [&](const Predicted& p) { return p.job.arm == arm.name; }))
      results.arms.push_back({arm.name, arm.meaning, std::string(arm.name) == "larr"});
  }
  for (const Predicted& p : predicted)
    results.rows.push_back({p.job.arm,
                            p.job.seed,
                            {1000 * log_loss(p.probabilities, clicks), p.best_epoch},
                            {auc_shares(p.probabilities, clicks)}});
  return results;
}

// A part of the test impressions with something in common.
struct ScenePart {
  std::string name;
  std::vector<size_t> members;
};

// By part of the day, by day, and by each field with few values.
std::vector<ScenePart> scene_parts(const Scenes& scenes, const std::vector<Impression>& test) {
  constexpr size_t kFewValues = 10;
  const char* parts_of_day[] = {"hour 0-5", "hour 6-11", "hour 12-17", "hour 18-23"};
  std::vector<ScenePart> parts;
  const auto add = [&](const std::string& name, const auto& belongs) {
    ScenePart part{name, {}};
    for (size_t i = 0; i < test.size(); ++i) {
      if (belongs(scenes.values_of(test[i]))) part.members.push_back(i);
    }
    if (!part.members.empty()) parts.push_back(part);
  };
  for (int32_t q = 0; q < 4; ++q)
    add(parts_of_day[q], [&](const std::vector<int32_t>& values) { return values[0] / 6 == q; });
  for (size_t f = 1; f < scenes.fields().size(); ++f) {
    const Field& field = scenes.fields()[f];
    if (field.values.size() > kFewValues) continue;
    for (size_t v = 0; v < field.values.size(); ++v)
      add(field.name + " " + field.values[v],
          [&](const std::vector<int32_t>& values) { return values[f] == static_cast<int32_t>(v); });
  }
  return parts;
}

// The mean over an arm's seeds of a number of its predictions.
template <class F>
nn::OrderedJson by_arm(const std::vector<Predicted>& predicted, const F& number) {
  nn::OrderedJson means = nn::OrderedJson::object();
  for (const LarrArm& arm : larr_arms()) {
    double sum = 0, seeds = 0;
    for (const Predicted& p : predicted) {
      if (p.job.arm != arm.name) continue;
      sum += number(p);
      seeds += 1;
    }
    if (seeds > 0) means[arm.name] = sum / seeds;
  }
  return means;
}

nn::OrderedJson describe_scenes(const std::vector<Predicted>& predicted, const Scenes& scenes,
                                const std::vector<Impression>& test) {
  const std::vector<bool> clicks = labels_of(test);
  nn::OrderedJson parts = nn::OrderedJson::array();
  for (const ScenePart& part : scene_parts(scenes, test)) {
    std::vector<bool> own;
    for (const size_t i : part.members) own.push_back(clicks[i]);
    const auto found = std::ranges::count(own, true);
    if (found == 0 || found == std::ssize(own)) continue;  // no AUC
    parts.push_back({{"scene", part.name},
                     {"impressions", own.size()},
                     {"clicks", found},
                     {"auc", by_arm(predicted, [&](const Predicted& p) {
                        std::vector<double> scores;
                        for (const size_t i : part.members) scores.push_back(p.probabilities[i]);
                        return auc(scores, own);
                      })}});
  }
  return parts;
}

int64_t click(const Context& context) {
  const auto& config = context.config<SceneConfig>("scenes");
  const Impressions impressions = impressions_of(context.data(), config);
  const Scenes scenes(context.data(), config);
  const std::vector<ClickJob> jobs = jobs_of(context);
  const Task stage = context.task();
  stage.announce(fmt::format("{} impressions for training, {} for test, {}", impressions.train.size(),
                             impressions.test.size(), counted(std::ssize(jobs), "model")));
  const std::vector<bool> clicks = labels_of(impressions.test);
  std::vector<Predicted> predicted;
  for (const ClickJob& job : jobs) {
    const Task part = stage.part(job.name(), std::ssize(jobs));
    if (!std::filesystem::exists(context.output(job.file())))
      train_job(context, scenes, impressions, job, part);
    part.discard();
    predicted.push_back(read_job(context, job));
    part.finish(fmt::format("AUC {:.4f}", auc(predicted.back().probabilities, clicks)));
  }
  const nn::TensorFile cached = nn::read_safetensors(context.input(kScenes, states_file(Adapted::Both)));
  context.record(nn::OrderedJson{
      {"texts", cached.at("features").dim(0) + cached.at("items").dim(0)},
      {"impressions", impressions.test.size()},
      {"clicks", std::ranges::count(clicks, true)},
      {"auc", by_arm(predicted, [&](const Predicted& p) { return auc(p.probabilities, clicks); })},
      {"log_loss", by_arm(predicted, [&](const Predicted& p) { return log_loss(p.probabilities, clicks); })},
      {"scenes", describe_scenes(predicted, scenes, impressions.test)}});
  context.record(summarise(results_of(predicted, clicks)));
  return 0;
}

}  // namespace

Sections LarrConfig::sections() {
  return {Section::of("llm", "Language model", llm), Section::of("scenes", "Scenes", scenes),
          Section::of("adaptation", "Language model", adaptation), Section::of("ctr", "Click model", ctr),
          Section::of("arms", "Click model", arms)};
}

void LarrConfig::check() const {
  for (const std::string& table : {scenes.user_table, scenes.item_table})
    INPUT_CHECK(table == "none" || std::filesystem::is_regular_file(table), table,
                ": there is no such file; expected a table for --user-table or --item-table, or none");
  INPUT_CHECK(ctr.hidden % ctr.heads == 0, "ctr-heads: found ", ctr.heads,
              "; expected a divisor of ctr-hidden, ", ctr.hidden);
}

Stages LarrConfig::stages() const {
  Stages stages;
  if (llm.is_tiny()) stages.push_back(tiny_llm_stage());
  stages.push_back({.name = kAdapt,
                    .help = "pre-trains the language model further, on texts of clicked scenes and of items",
                    .inputs = with_llm({}, llm),
                    .files = {adapter_file(Adapted::Pretrained)},
                    .configs = {"llm", "scenes", "adaptation"},
                    .sees = Sees::Test,
                    .check = check_scenes,
                    .run = adapt});
  stages.push_back({.name = kContrast,
                    .help = "trains the language model on pairs of users and items that occur together",
                    .inputs = with_llm({kAdapt}, llm),
                    .files = {adapter_file(Adapted::Both), adapter_file(Adapted::Contrasted)},
                    .configs = {"llm", "scenes", "adaptation"},
                    .sees = Sees::Test,
                    .run = contrast});
  std::vector<std::string> states;
  for (const Adapted adapted : kAdapted) states.push_back(states_file(adapted));
  stages.push_back({.name = kScenes,
                    .help = "embeds every feature of scenes and every item, once",
                    .inputs = with_llm({kAdapt, kContrast}, llm),
                    .files = states,
                    .configs = {"llm", "scenes", "adaptation"},
                    .sees = Sees::Test,
                    .run = embed_scenes});
  stages.push_back({.name = kClick,
                    .help = "trains click models with and without each step, and compares them",
                    .inputs = {kScenes},
                    .files = {"click-*.safetensors"},
                    .configs = {"scenes", "ctr", "arms"},
                    .sees = Sees::Test,
                    .all_seeds = true,
                    .run = click});
  return stages;
}

}  // namespace p2rec
