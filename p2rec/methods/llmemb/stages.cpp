// LLMEmb on disk: each stage reads files of earlier stages, calls its step (llmemb.h), and writes files.
#include <fmt/format.h>

#include "nn/io/json.h"
#include "nn/io/npy.h"
#include "nn/peft_adapter.h"
#include "p2rec/methods/llmemb/llmemb.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr const char *kTune = "contrast", *kEmbed = "embed", *kTeacher = "pretrain", *kCache = "cache";
constexpr const char *kTuned = "item_embeddings.safetensors",
                     *kUntuned = "item_embeddings_untuned.safetensors";

ItemPrompts prompts_of(const Context& context, const models::LanguageModel& llm) {
  return {context.data(), *llm.tokenizer, llm.model->config().vocabulary};
}

ContrastiveTuningConfig tuning_config(const Context& context) {
  ContrastiveTuningConfig config = context.config<ContrastiveTuningConfig>("contrast");
  config.finetune.seed = config.finetune.lora.seed = context.seed();
  return config;
}

// --- stage 1 -----------------------------------------------------------------------------------------------

void check_tune(const Context& context) {
  const models::LanguageModel llm = language_model_to_measure(context);
  check_contrastive_memory(*llm.model, prompts_of(context, llm), context.data(), tuning_config(context));
}

int64_t tune(const Context& context) {
  const models::LanguageModel llm = language_model(context);
  const ContrastiveTuningConfig config = tuning_config(context);
  const ContrastiveTuning tuned =
      tune_contrastively(*llm.model, prompts_of(context, llm), context.data(), config, context.task());
  nn::write_adapter(context.output("adapter/adapter_config.json").parent_path(), *llm.model,
                    config.finetune.lora, llm.name, context.metadata());
  context.record(nn::OrderedJson{{"train_loss_first", tuned.losses.first},
                                 {"train_loss_last_epoch", tuned.losses.last_epoch},
                                 {"heldout_loss", tuned.losses.heldout},
                                 {"tau", tuned.tau}});
  return tuned.tokens;
}

// Writes the embeddings before and after the tuning; the first ones are a control.
int64_t embed(const Context& context) {
  const models::LanguageModel llm = language_model(context);
  const ItemPrompts prompts = prompts_of(context, llm);
  const Pooling pooling = tuning_config(context).pooling;
  const Task task = context.task();
  const auto write = [&](const char* file, const char* part) {
    const Tensor table = embed_whole_items(*llm.model, prompts, pooling, task.part(part, 2));
    nn::write_safetensors(context.output(file), {{"embeddings", table.to(ag::Device::CPU)}},
                          context.metadata());
    return table;
  };
  write(kUntuned, "untuned");
  nn::read_adapter(context.input(kTune, "adapter"), *llm.model);
  nn::write_npy(context.output("item_embeddings.npy"), write(kTuned, "tuned").to(ag::Device::CPU));
  return 2 * context.data().items();
}

// --- stage 2 -----------------------------------------------------------------------------------------------

Tensor embeddings(const InitRequest& r, const char* file = kTuned) {
  return read_item_matrix(r.context.input(kEmbed, file), "embeddings", r.context.data().items());
}

Tensor input_of(const InitRequest& r, const char* file = kTuned) {
  return most_components(embeddings(r, file),
                         r.context.config<AlignedAdapterConfig>("adaptation").components);
}

ExtraLoss aligned(const InitRequest& r) {
  return alignment(teacher_table(r.context).to(r.context.device()),
                   r.context.config<AlignedAdapterConfig>("adaptation"));
}

int64_t input_columns(const Context& context) {
  const Tensor rows = read_item_matrix(context.input(kEmbed, kTuned), "embeddings", context.data().items());
  return std::min({context.config<AlignedAdapterConfig>("adaptation").components, rows.dim(0), rows.dim(1)});
}

// An aligned arm needs a teacher of the recommender's width.
Stage train_with_alignment(const LlmEmbConfig& config, const Stages& earlier) {
  Stage stage = train_stage(config.recommender, config.inits, llmemb_inits(), earlier);
  stage.configs.push_back("adaptation");
  const int64_t own_columns = config.teacher.recommender.model->hidden;
  stage.check = [check = stage.check, own_columns](const Context& context) {
    check(context);
    if (!context.has_input(kTeacher)) return;
    const int64_t columns = context.inputs_are_elsewhere() ? teacher_table(context).dim(1) : own_columns,
                  hidden = context.config<RecommenderConfig>("recommender").model->hidden;
    INPUT_CHECK(columns == hidden, "teacher.hidden: the teacher's item table has ", columns,
                " columns, but hidden is ", hidden, "; hint: use the same number, because they are aligned");
  };
  return stage;
}

// Writes each recommender again with the adapted table in place of embeddings and adapter.
int64_t cache(const Context& context) {
  RecommenderConfig config = context.config<RecommenderConfig>("recommender");
  config.device = context.device();
  for (const Job& job : jobs_of(config, context.config<ItemInitConfig>("starts"), context.seeds())) {
    const auto model = load_recommender(nn::read_safetensors(context.input("train", job.file())),
                                        context.data().items(), config);
    write_recommender(context.output("cached-" + job.name() + ".safetensors"),
                      *models::with_cached_table(*model), context.metadata());
  }
  return 0;
}

}  // namespace

const ItemInits& llmemb_inits() {
  static const ItemInits inits{
      {random_init(),
       {"llmemb",
        "the tuned embeddings, aligned with the teacher's table",
        {kEmbed, kTeacher},
        [](const InitRequest& r) { return input_of(r); },
        true,
        aligned},
       {"llmemb_unaligned",
        "the tuned embeddings without the alignment",
        {kEmbed},
        [](const InitRequest& r) { return input_of(r); }},
       {"llmemb_untuned",
        "the embeddings before the tuning, aligned",
        {kEmbed, kTeacher},
        [](const InitRequest& r) { return input_of(r, kUntuned); },
        false,
        aligned},
       {"llmemb_shuffled",
        "the tuned embeddings, shuffled over the items, aligned: what the alignment gives",
        {kEmbed, kTeacher},
        [](const InitRequest& r) { return shuffled(input_of(r), r.seed); },
        false,
        aligned}},
      kEmbed,
      input_columns};
  return inits;
}

// The recommender's section without the option `use`: the method has an adapter.
Sections LlmEmbConfig::sections() {
  const char* language = "Contrastive fine-tuning of the language model";
  Section adapted = Section::of("recommender", "Recommender", recommender);
  adapted.visit = [this, all = adapted.visit](const nn::Visit& visit) {
    all([&](const nn::Option& option, nn::Field field) {
      if (option.name != "use") visit(option, field);
    });
    recommender.model->use = models::ItemsUse::Frozen;
  };
  return {adapted,
          Section::of("adaptation", "Recommender", adaptation),
          Section::of("starts", "Recommender", inits),
          Section::of("teacher", "Teacher (the recommender's values unless given)", teacher, "teacher.",
                      [this] { teacher = teacher_of(recommender); }),
          Section::of("llm", language, llm),
          Section::of("contrast", language, tuning),
          Section::of("evaluation", "Evaluation", ranking)};
}

void LlmEmbConfig::check() const {
  p2rec::check(recommender);
  p2rec::check(teacher.recommender);
  p2rec::check(tuning);
  p2rec::check(ranking);
  INPUT_CHECK(recommender.batch_parts == 1, "batch-parts: found ", recommender.batch_parts,
              "; expected 1, because the alignment compares all items of a batch; hint: a smaller batch");
}

std::vector<Knob> LlmEmbConfig::knobs() const {
  return {{"sft-lr", {"1e-4", "2e-4", "5e-4", "1e-3"}},
          {"attribute-dropout", {"0.2", "0.4", "0.6"}},
          {"pooling", {"average", "last"}},
          {"align-alpha", {"0.001", "0.01", "0.1"}},
          {"align-tau", {"1", "2", "4"}}};
}

Stages LlmEmbConfig::stages() const {
  Stages stages = {teacher_stage(teacher)};
  if (llm.is_tiny()) stages.push_back(tiny_llm_stage());
  stages.push_back({.name = kTune,
                    .help = "tunes the language model to match two copies of each item's attributes",
                    .inputs = with_llm({}, llm),
                    .files = {"adapter/adapter_config.json", "adapter/adapter_model.safetensors"},
                    .configs = {"llm", "contrast"},
                    .check = check_tune,
                    .run = tune});
  stages.push_back({.name = kEmbed,
                    .help = "embeds every item from its attributes, before and after the tuning",
                    .inputs = with_llm({kTune}, llm),
                    .files = {kTuned, kUntuned, "item_embeddings.npy"},
                    .configs = {"llm", "contrast"},
                    .run = embed});
  stages.push_back(train_with_alignment(*this, stages));
  stages.push_back({.name = kCache,
                    .help = "writes each recommender with its adapted item table, for serving",
                    .inputs = {"train"},
                    .files = {"cached-*.safetensors"},
                    .configs = {"recommender", "starts"},
                    .all_seeds = true,
                    .run = cache});
  stages.push_back(evaluate_stage(llmemb_inits()));
  stages.back().inputs.push_back(kCache);  // so that a run has it
  return stages;
}

}  // namespace p2rec
