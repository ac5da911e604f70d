#include "p2rec/methods/delrec/delrec.h"

#include <fmt/format.h>

#include <numeric>

#include "nn/io/json.h"
#include "nn/peft_adapter.h"
#include "p2rec/methods/common/candidate_results.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr const char *kDistil = "distil", *kLearn = "learn", *kSoftFile = "soft_prompt.safetensors";

// The prompts that are compared, each with an adapter of its own.
struct Variant {
  const char *name, *meaning;
  const char* soft_prompt;  // its name in kSoftFile; null: none
  bool is_the_method = false;
};
constexpr Variant kVariants[] = {
    {"delrec", "the learned soft prompt, then an adapter with it", "learned", true},
    {"random_prompt", "a random soft prompt, then an adapter with it", "random"},
    {"no_prompt", "no soft prompt, only an adapter", nullptr}};

std::string adapter_of(const Variant& variant) { return std::string("adapter-") + variant.name; }

DelrecInput input_of(const Context& context, const models::LanguageModel& llm) {
  return {*llm.model, *llm.tokenizer, context.data(), context.config<DelrecPromptConfig>("prompts")};
}

int64_t candidates_of(const Context& context) { return context.config<CandidateConfig>("candidates").count; }

// The variant's soft prompt (S,C) on the model's device; undefined without one.
Tensor soft_prompt_of(const Context& context, const Variant& variant, const models::Llama& llm) {
  if (!variant.soft_prompt) return {};
  return nn::read_safetensors(context.input(kDistil, kSoftFile)).at(variant.soft_prompt).to(llm.device());
}

// --- stage 1 -----------------------------------------------------------------------------------------------

void check_distil(const Context& context) {
  check_candidate_ranking(context);
  training_lists(context.data(), candidates_of(context), context.seed(), kLeastAnalysed,
                 context.config<RankerConfig>("ranker").users);
}

int64_t distil_teacher(const Context& context) {
  const models::LanguageModel llm = language_model(context);
  const DelrecInput input = input_of(context, llm);
  const Distillation found =
      distil(input, *teacher_model(context),
             {context.config<DistillationConfig>("distillation"), candidates_of(context),
              context.config<RankerConfig>("ranker").users, context.seed()},
             context.task());
  nn::write_safetensors(
      context.output(kSoftFile),
      {{"learned", found.soft_prompt},
       {"random", initial_soft_prompt(*llm.model, input.prompts.soft_tokens, context.seed())}},
      context.metadata());
  context.record(nn::OrderedJson{{"first", found.first}, {"last", found.last}});
  return 0;
}

// --- stage 2 -----------------------------------------------------------------------------------------------

FinetuneConfig finetune_config(const Context& context) {
  FinetuneConfig config = context.config<RankerConfig>("ranker").finetune;
  config.seed = config.lora.seed = context.seed();
  return config;
}

TrainingLists lists_to_learn(const Context& context) {
  return training_lists(context.data(), candidates_of(context), context.seed(), 2,
                        context.config<RankerConfig>("ranker").users);
}

void check_learn(const Context& context) {
  const models::LanguageModel llm = language_model_to_measure(context);
  const DelrecInput input = input_of(context, llm);
  const TrainingLists lists = lists_to_learn(context);
  const Tensor soft = initial_soft_prompt(*llm.model, input.prompts.soft_tokens, context.seed());
  check_finetuning_memory(*llm.model, finetune_config(context), learn_to_rank(input, lists, soft));
}

int64_t learn(const Context& context) {
  const models::LanguageModel llm = language_model(context);
  const DelrecInput input = input_of(context, llm);
  const TrainingLists lists = lists_to_learn(context);
  const FinetuneConfig config = finetune_config(context);
  const Task stage = context.task();
  stage.announce(fmt::format("{}, {} held out, 3 adapters", counted(std::ssize(lists.train), "user"),
                             lists.heldout.size()));
  int64_t tokens = 0;
  for (const Variant& variant : kVariants) {
    const Finetuning finetuning = learn_to_rank(input, lists, soft_prompt_of(context, variant, *llm.model));
    tokens += config.epochs * std::reduce(finetuning.lengths.begin(), finetuning.lengths.end());
    const nn::Path file = context.output(adapter_of(variant) + "/adapter_config.json");
    if (std::filesystem::exists(file)) continue;  // written last, with these options
    const Task part = stage.part(variant.name, std::ssize(kVariants));
    const FinetuneLosses losses = finetune(*llm.model, config, finetuning, part);
    nn::write_adapter(file.parent_path(), *llm.model, config.lora, llm.name, context.metadata());
    part.finish(fmt::format("loss {:.4f}, held-out {:.4f}", losses.last_epoch, losses.heldout));
  }
  stage.finish("3 adapters");
  return tokens;
}

// --- results -----------------------------------------------------------------------------------------------

int64_t compare_arms(const Context& context) {
  const Interactions& data = context.data();
  const auto lists = candidate_lists(data, Target::Test, context.config<CandidateConfig>("candidates"));
  const models::LanguageModel llm = language_model(context);
  const DelrecInput input = input_of(context, llm);
  const Task stage = context.task();
  stage.announce(fmt::format("{}, 3 prompts", counted(std::ssize(lists), "user")));
  std::vector<ScoredArm> arms;
  for (const Variant& variant : kVariants) {
    nn::read_adapter(context.input(kLearn, adapter_of(variant)), *llm.model);
    const Tensor soft = soft_prompt_of(context, variant, *llm.model);
    const Tensor scores = score_rows(
        std::ssize(lists), candidates_of(context), "user",
        [&](int64_t i) {
          const CandidateList& list = lists[static_cast<size_t>(i)];
          return rank_candidates(input, list, target_history(data, list.user, Target::Test), soft);
        },
        stage.part(variant.name, std::ssize(kVariants)));
    nn::detach_lora(*llm.model);  // the next adapter is read into the bare model
    arms.push_back({{variant.name, variant.meaning, variant.is_the_method}, scores});
  }
  const CandidateList& first = lists[0];
  const Tensor soft = soft_prompt_of(context, kVariants[0], *llm.model);
  const SoftText text = ranking_prompt(input, first, target_history(data, first.user, Target::Test), soft);
  context.record(describe_ranked_list(data, first, shown_text(text, soft.dim(0)), arms[0].scores.rows(0, 1)));
  record_candidate_results(context, lists, std::move(arms), "no_prompt");
  stage.finish(counted(std::ssize(lists), "user"));
  return 0;
}

std::string distillation_html(const nn::OrderedJsonReader& found) {
  return fmt::format(
      "<p>The soft prompt was learned from two tasks while the language model was frozen. The joint loss "
      "went from {} (first epoch) to {} (last epoch).</p>\n",
      loss_text(found["first"].number()), loss_text(found["last"].number()));
}

std::string example_html(const nn::OrderedJsonReader& found) {
  return "<p>The ranking prompt; &lt;soft N&gt; stands for the N learned vectors. A score is the mean logit "
         "of the title’s tokens.</p>\n" +
         ranked_list_html(found);
}

}  // namespace

Sections DelrecConfig::sections() {
  const char* ranking = "Ranking (fine-tuning the language model)";
  return {Section::of("candidates", "Evaluation", candidates),
          Section::of("prompts", "Prompts", prompts),
          Section::of("distillation", "Soft prompt", distillation),
          Section::of("ranker", ranking, ranker),
          Section::of("llm", "Language model", llm),
          Section::of("teacher", "Teacher", teacher, "teacher.")};
}

void DelrecConfig::check() const { p2rec::check(teacher.recommender); }

Stages DelrecConfig::stages() const {
  Stages stages = {teacher_stage(teacher)};
  if (llm.is_tiny()) stages.push_back(tiny_llm_stage());
  stages.push_back({.name = kDistil,
                    .help = "learns the soft prompt from the teacher, with the language model frozen",
                    .inputs = with_llm({"pretrain"}, llm),
                    .files = {kSoftFile},
                    .configs = {"llm", "prompts", "distillation", "candidates", "ranker", "teacher"},
                    .check = check_distil,
                    .run = distil_teacher});
  stages.push_back(
      {.name = kLearn,
       .help = "fine-tunes the language model to rank candidates, with each soft prompt and without",
       .inputs = with_llm({kDistil}, llm),
       .files = {"adapter-*/adapter_config.json", "adapter-*/adapter_model.safetensors"},
       .configs = {"llm", "prompts", "candidates", "ranker"},
       .check = check_learn,
       .run = learn});
  stages.push_back(
      {.name = "evaluate",
       .help = "ranks each user's candidates and compares the arms; writes results.json, ranks.tsv and "
               "report.html",
       .inputs = with_llm({"pretrain", kDistil, kLearn}, llm),
       .files = {"ranks.tsv"},
       .configs = {"llm", "prompts", "candidates", "teacher"},
       .sees = Sees::Test,
       .run = compare_arms});
  return stages;
}

std::vector<ReportSection> delrec_report_sections() {
  return {{"distillation", "Soft prompt", kDistil, distillation_html},
          {"example", "A prompt and its candidates", "evaluate", example_html}};
}

}  // namespace p2rec
