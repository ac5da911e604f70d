// P2Rec on disk: each stage reads files of earlier stages, calls its step (p2rec/p2rec.h), and writes files.
#include <fmt/format.h>

#include <algorithm>

#include "nn/io/json.h"
#include "nn/io/npy.h"
#include "nn/peft_adapter.h"
#include "p2rec/data/text_file.h"
#include "p2rec/data/write_interactions.h"
#include "p2rec/methods/p2rec/item_augmentation.h"
#include "p2rec/methods/p2rec/p2rec.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/methods/p2rec/report_sections.h"

namespace p2rec {
namespace {

using ag::Tensor;

Prompts prompts_of(const Context& context, const models::LanguageModel& llm) {
  return {context.data(), *llm.tokenizer, context.config<PromptConfig>("prompts"),
          llm.model->config().vocabulary};
}

void write(const Context& context, const char* file, const nn::NamedTensors& tensors) {
  nn::write_safetensors(context.output(file), tensors, context.metadata());
}

// --- steps 2 and 3 -----------------------------------------------------------------------------------------

void check_groups(const Context& context) {
  const auto& config = context.config<KMeansConfig>("groups");
  INPUT_CHECK(config.groups <= context.data().items(), "groups: found ", config.groups, ", but ",
              context.data().source, " has only ", context.data().items(), " items");
}

int64_t group(const Context& context) {
  const Interactions& data = context.data();
  const Task task = context.task();
  KMeansConfig config = context.config<KMeansConfig>("groups");
  config.seed = context.seed();
  task.announce(fmt::format("{} items into {} groups", data.items(), config.groups));
  const ItemGroups groups = group_items(teacher_table(context), config);
  write_groups(context.output(kGroupsFile), data, groups);
  write_preferences(context.output(kPreferencesFile), data, user_preferences(data, groups));
  task.finish(
      fmt::format("inertia {:.4f} after {}", groups.inertia, counted(groups.iterations, "iteration")));
  context.record(describe_groups(data, groups));
  return 0;
}

// --- step 4 ------------------------------------------------------------------------------------------------

ReconstructionConfig reconstruction_config(const Context& context) {
  ReconstructionConfig config = context.config<ReconstructionConfig>("reconstruct");
  config.finetune.seed = config.finetune.lora.seed = context.seed();
  return config;
}

void check_reconstruct(const Context& context) {
  check_language_model(context, context.config<PromptConfig>("prompts"));
  const models::LanguageModel llm = language_model_to_measure(context);
  check_reconstruction_memory(*llm.model, prompts_of(context, llm), context.data(),
                              reconstruction_config(context));
}

int64_t reconstruct_users(const Context& context) {
  const Interactions& data = context.data();
  const models::LanguageModel llm = language_model(context);
  const Prompts prompts = prompts_of(context, llm);
  const ItemGroups groups = read_groups(context.input("groups", kGroupsFile), data);
  const Tensor preferences = user_preferences(data, groups);
  const ReconstructionConfig config = reconstruction_config(context);
  const Reconstruction r = reconstruct(*llm.model, prompts, data, preferences, config, context.task());
  const ReconstructionBaselines baselines = reconstruction_baselines(data, groups, preferences, prompts);
  context.say(wrapped(
      fmt::format("reconstruct: held-out loss {:.5f}; mean preference {:.5f}, window {:.5f}, ridge {:.5f}",
                  r.losses.heldout, baselines.mean, baselines.window, baselines.ridge),
      2));
  nn::write_adapter(context.output("adapter/adapter_config.json").parent_path(), *llm.model,
                    config.finetune.lora, llm.name, context.metadata());
  write(context, "head.safetensors", {{"weight", r.model.head_weight}, {"bias", r.model.head_bias}});
  if (prompts.has_item_tokens())
    write(context, "item_tokens.safetensors", {{"item_tokens", r.model.reader.item_tokens}});
  context.record(describe_reconstruction(
      r.losses, baselines, describe_prompt(data, prompts, *llm.tokenizer, preferences, r.model)));
  return r.tokens;
}

// --- step 5 ------------------------------------------------------------------------------------------------

ItemReader untuned_reader(const Context& context, const models::Llama& llm, const Prompts& prompts) {
  if (!prompts.has_item_tokens()) return {llm};
  return {llm, initial_item_tokens(llm, prompts.items(), context.seed())};
}

void check_augment(const Context& context) {
  check_language_model(context, context.config<PromptConfig>("prompts"));
  const models::LanguageModel llm = language_model_to_measure(context);
  const Prompts prompts = prompts_of(context, llm);
  check_augmentation_memory(untuned_reader(context, *llm.model, prompts), prompts);
}

// Writes the embeddings before and after fine-tuning; the first ones are a control.
int64_t augment(const Context& context) {
  const Interactions& data = context.data();
  const models::LanguageModel llm = language_model(context);
  const Prompts prompts = prompts_of(context, llm);
  const Task task = context.task();
  ItemReader reader = untuned_reader(context, *llm.model, prompts);
  const Tensor untuned = augment_items(reader, prompts, task.part("untuned", 2));
  write(context, "item_embeddings_untuned.safetensors", {{"embeddings", untuned}});
  nn::read_adapter(context.input("reconstruct", "adapter"), *llm.model);
  if (prompts.has_item_tokens()) {
    reader.item_tokens =
        read_item_matrix(context.input("reconstruct", "item_tokens.safetensors"), "item_tokens", data.items())
            .to(llm.model->device());
  }
  const Tensor enhanced = augment_items(reader, prompts, task.part("tuned", 2));
  write(context, "item_embeddings.safetensors", {{"embeddings", enhanced}});
  nn::write_npy(context.output("item_embeddings.npy"), enhanced);
  write_items(context.output("items.tsv"), data);
  const ItemGroups groups = read_groups(context.input("groups", kGroupsFile), data);
  const nn::OrderedJson described =
      describe_embeddings(data, {groups, teacher_table(context), untuned, enhanced});
  if (data.truth) context.say(known_truth_text(described));
  context.record(described);
  return 2 * data.items();
}

// --- step 6 ------------------------------------------------------------------------------------------------

// A recommender can start from the teacher's item table only if both have the same number of columns. A
// teacher's file in the run's own folder may be of an earlier run, which --overwrite removes: the options
// count.
Stage train_stage_with_teacher(const P2RecConfig& config, const Stages& earlier) {
  Stage stage = train_stage(config.recommender, config.inits, p2rec_inits(), earlier);
  const int64_t own_columns = config.teacher.recommender.model->hidden;
  stage.check = [check = stage.check, own_columns](const Context& context) {
    check(context);
    const auto& model = *context.config<RecommenderConfig>("recommender").model;
    const std::vector<std::string>& inits = context.config<ItemInitConfig>("starts").inits;
    if (model.use != models::ItemsUse::Init || !std::ranges::count(inits, "teacher")) return;
    const int64_t columns = context.inputs_are_elsewhere() ? teacher_table(context).dim(1) : own_columns;
    INPUT_CHECK(columns == model.hidden, "starts: the teacher's item table has ", columns,
                " columns, but hidden is ", model.hidden,
                "; hint: use the same hidden, or leave out the start 'teacher'");
  };
  return stage;
}

}  // namespace

Stage groups_stage() {
  return {.name = "groups",
          .help = "groups the teacher's items by k-means, and computes the users' preferences for the groups",
          .inputs = {"pretrain"},
          .files = {kGroupsFile, kPreferencesFile},
          .configs = {"groups"},
          .check = check_groups,
          .run = group};
}

Sections P2RecConfig::sections() {
  const char* language = "Reconstruction (fine-tuning the language model)";
  return {Section::of("recommender", "Recommender", recommender),
          Section::of("starts", "Recommender", inits),
          Section::of("teacher", "Teacher (the recommender's values unless given)", teacher, "teacher.",
                      [this] { teacher = teacher_of(recommender); }),
          Section::of("groups", "Item groups", groups),
          Section::of("llm", language, llm),
          Section::of("prompts", language, prompts),
          Section::of("reconstruct", language, reconstruction),
          Section::of("evaluation", "Evaluation", ranking)};
}

void P2RecConfig::check() const {
  p2rec::check(recommender);
  p2rec::check(teacher.recommender);
  p2rec::check(reconstruction.loss);
  p2rec::check(ranking);
}

std::vector<Knob> P2RecConfig::knobs() const {
  return {{"groups", {"16", "32", "64"}},
          {"sft-lr", {"2e-4", "5e-4", "1e-3", "2e-3"}},
          {"sft-item-lr", {"2e-3", "5e-3", "1e-2"}},
          {"start-std", {"0.02", "0.05", "0.1"}}};
}

Stages P2RecConfig::stages() const {
  Stages stages = {teacher_stage(teacher), groups_stage()};
  if (llm.is_tiny()) stages.push_back(tiny_llm_stage());
  stages.push_back({.name = "reconstruct",
                    .help = "fine-tunes the language model to predict users' preferences from their items",
                    .inputs = with_llm({"groups"}, llm),
                    .files = {"adapter/adapter_config.json", "adapter/adapter_model.safetensors",
                              "head.safetensors", "item_tokens.safetensors"},
                    .configs = {"llm", "prompts", "reconstruct"},
                    .check = check_reconstruct,
                    .run = reconstruct_users});
  stages.push_back({.name = "augment",
                    .help = "embeds every item as a virtual user",
                    .inputs = with_llm({"pretrain", "groups", "reconstruct"}, llm),
                    .files = {"item_embeddings.safetensors", "item_embeddings.npy",
                              "item_embeddings_untuned.safetensors", "items.tsv"},
                    .configs = {"llm", "prompts"},
                    .check = check_augment,
                    .run = augment});
  stages.push_back(train_stage_with_teacher(*this, stages));
  stages.push_back(evaluate_stage(p2rec_inits()));
  return stages;
}

}  // namespace p2rec
