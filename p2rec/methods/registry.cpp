#include "p2rec/methods/registry.h"

#include <fmt/format.h>

#include <algorithm>

#include "p2rec/data/text_file.h"
#include "p2rec/methods/common/user_examples.h"
#include "p2rec/methods/darec/darec.h"
#include "p2rec/methods/delrec/delrec.h"
#include "p2rec/methods/federated/federated.h"
#include "p2rec/methods/larr/larr.h"
#include "p2rec/methods/llm2llm/llm2llm.h"
#include "p2rec/methods/llm2llm/users.h"
#include "p2rec/methods/llm_init/llm_init.h"
#include "p2rec/methods/llmemb/llmemb.h"
#include "p2rec/methods/llmseqsim/llmseqsim.h"
#include "p2rec/methods/p2rec/p2rec.h"
#include "p2rec/methods/p2rec/report_sections.h"
#include "p2rec/methods/self_guide/self_guide.h"
#include "p2rec/methods/tempura/tempura.h"

namespace p2rec {
namespace {

template <class Config>
std::unique_ptr<MethodConfig> make() {
  return std::make_unique<Config>();
}

const Method kMethods[] = {
    {.name = "p2rec",
     .paper = "arXiv 2406.00333",
     .help = "a language model tuned to reconstruct users' preferences embeds the items",
     .default_config = make<P2RecConfig>,
     .report_sections = p2rec_report_sections,
     .cost = "fine-tuning on one prompt per user, one prompt per item, then recommenders",
     .faithful =
         "the seven steps: groups of a teacher's items, preferences, their reconstruction, virtual users",
     .ours = "number of groups, words of the prompt, items as new tokens, the head's start, principal "
             "components"},
    {.name = "llm_init",
     .paper = "arXiv 2402.01339",
     .help = "an untuned language model embeds the items' titles",
     .default_config = make<LlmInitConfig>,
     .report_sections = [] { return std::vector{users_section()}; },
     .cost = "one prompt per item, then recommenders",
     .faithful = "reduction by principal components or a random projection; the shuffled control",
     .ours = "the embedding is a local model's state at the title's last token; the scale of the table"},
    {.name = "llmseqsim",
     .paper = "arXiv 2402.01339",
     .help = "items like the user's, by an untuned language model; no training",
     .default_config = make<LlmSeqSimConfig>,
     .report_sections = [] { return std::vector{users_section()}; },
     .cost = "one prompt per item",
     .faithful = "the mean of the last items with decaying weights, ranked by cosine",
     .ours = "the embedding is a local model's state at the title's last token"},
    {.name = "llmemb",
     .paper = "arXiv 2409.19925",
     .help = "a language model tuned on items' attributes embeds them; an adapter aligns",
     .default_config = make<LlmEmbConfig>,
     .report_sections = [] { return std::vector{users_section()}; },
     .cost = "two prompts per item and epoch, one prompt per item, then recommenders",
     .faithful =
         "contrastive loss of two copies with dropped attributes, principal components, adapter, alignment",
     .ours = "dropped words where an item has one attribute; the causal mask of SASRec"},
    {.name = "larr",
     .paper = "arXiv 2408.11523",
     .help = "a language model's view of a scene helps to predict clicks",
     .default_config = make<LarrConfig>,
     .report_sections = larr_report_sections,
     .cost = "texts of scenes and items in two tunings, one text per scene; then small click models",
     .faithful =
         "new tokens, three kinds of contrastive pairs, cached scene features, an encoder that combines them",
     .ours = "LoRA, a click as a rating of 4 or more, hour, day, user features and genre as the scene"},
    {.name = "self_guide",
     .paper = "arXiv 2407.12874",
     .help = "a language model writes its own training data for a task",
     .default_config = make<SelfGuideConfig>,
     .report_sections = self_guide_report_sections,
     .interactions = false,
     .cost = "rounds * inputs per round * (1 + outputs per input) texts and 2 fine-tunings per seed",
     .faithful = "inputs for drawn labels, filters of length and noise, outputs by consensus, balance, their "
                 "settings",
     .ours = "shorter prompts, LoRA, no search of settings, the genre of a film's title as the task"},
    {.name = "delrec",
     .paper = "arXiv 2406.11156",
     .help = "a soft prompt learns a teacher's pattern; a language model ranks with it",
     .default_config = make<DelrecConfig>,
     .report_sections = delrec_report_sections,
     .cost = "a teacher; two or three prompts per user and epoch in each of two tunings",
     .faithful =
         "two tasks weighed by the norms of their gradients; then an adapter with the frozen soft prompt",
     .ours = "LoRA in place of AdaLoRA, a causal model, one example per user, the words of the prompts"},
    {.name = "darec",
     .paper = "arXiv 2408.07427",
     .help = "a language model with masked titles, a teacher's vectors and searched adapters",
     .default_config = make<DarecConfig>,
     .report_sections = darec_report_sections,
     .cost = "a teacher; 2 * search trials + 3 trainings of adapters, with a prompt per user and epoch",
     .faithful = "context masking, injected collaborative vectors, adapters of layers chosen by Bayesian "
                 "optimisation",
     .ours = "where the mask acts, a vector added at an item's last token, four adapters for each group of "
             "layers, the process and its kernel"},
    {.name = "tempura",
     .paper = "arXiv 2405.02778",
     .help = "an untuned language model ranks candidates after prompts about time",
     .default_config = make<TempuraConfig>,
     .report_sections = tempura_report_sections,
     .cost = "a teacher; one prompt per user, candidate and strategy, each twice: in order and shuffled",
     .faithful = "proximal and global demonstrations, temporal clusters, aggregation of their rankings",
     .ours =
         "local models, titles scored by log-probability, the lists of candidates, the words of the prompts"},
    {.name = "llm2llm",
     .paper = "arXiv 2403.15042",
     .help = "a teacher writes more examples like those that a language model gets wrong",
     .default_config = make<Llm2LlmConfig>,
     .report_sections = llm2llm_report_sections,
     .interactions = false,
     .cost = "rounds + 3 fine-tunings per seed; answers to all seed examples in each round",
     .faithful = "from the base in each round; only errors on seed examples are taught; ROUGE-L above 0.95 "
                 "is dropped",
     .ours = "LoRA, five rounds, greedy answers, word problems from a grammar with a program as teacher"},
    {.name = "llm2llm_users",
     .paper = "arXiv 2403.15042",
     .help = "LLM2LLM on P2Rec's task: users with large errors give sub-sequences",
     .default_config = make<Llm2LlmUsersConfig>,
     .report_sections = llm2llm_users_report_sections,
     .cost = "a teacher, and rounds + 3 reconstructions per seed",
     .faithful = "the rounds of llm2llm; P2Rec's reconstruction",
     .ours = "the task, the share of users that counts as wrong, half of a user's items as a new example"},
    {.name = "federated",
     .paper = "arXiv 2309.00363",
     .help = "clients that keep their users' data fine-tune a language model together",
     .default_config = make<FederatedConfig>,
     .report_sections = federated_report_sections,
     .cost = "rounds of local steps for each of several splits and averages, plus central and local training",
     .faithful = "averages of LoRA weighed by examples, sampled clients, counted bytes, offsite-tuning",
     .ours = "P2Rec's reconstruction as the task; FlexLoRA's average of B A beside that of A and B"},
};

}  // namespace

std::span<const Method> methods() { return kMethods; }

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const Method& method : kMethods) names.emplace_back(method.name);
  return names;
}

std::string methods_text() {
  std::string text;
  for (const Method& method : kMethods) {
    std::string stages;
    for (const Stage& stage : method.default_config()->stages())
      stages += (stages.empty() ? "" : ", ") + stage.name;
    text += fmt::format("{}{} ({})\n", text.empty() ? "" : "\n", method.name, method.paper);
    const std::pair<const char*, std::string> rows[] = {
        {"what", method.help},
        {"needs", std::string(method.interactions ? "interactions and " : "") + "a language model"},
        {"stages", stages},
        {"cost", method.cost},
        {"faithful", method.faithful},
        {"ours", method.ours}};
    for (const auto& [label, content] : rows) {
      constexpr size_t kIndent = 12;
      if (!content.empty()) text += fmt::format("  {:<10}{}\n", label, wrapped(content, kIndent, kIndent));
    }
  }
  return text;
}

const Method& method_named(const std::string& name) {
  const auto found = std::ranges::find(kMethods, name, &Method::name);
  INPUT_CHECK(found != std::end(kMethods), "method: found '", name, "'; expected one of ",
              fmt::format("{}", fmt::join(method_names(), ", ")));
  return *found;
}

}  // namespace p2rec
