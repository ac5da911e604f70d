#include "p2rec/methods/llm_init/llm_init.h"

#include <fmt/format.h>

#include "autograd/ops.h"
#include "p2rec/llm/embed.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr const char *kStage = "embed", *kFile = "item_embeddings.safetensors";

Tensor embeddings(const Context& context) {
  return read_item_matrix(context.input(kStage, kFile), "embeddings", context.data().items());
}

Tensor projected(const InitRequest& r) {
  const ag::NoGrad no_grad;
  const Tensor rows = embeddings(r.context);
  return ag::matmul(rows, drawn({rows.dim(1), r.columns}, "random projection", r.seed));
}

// (V,C): the state at the last token of each item's title, or of its id if it has none.
Tensor embed_titles(const models::LanguageModel& llm, const Interactions& data, const Task& task) {
  task.announce(fmt::format("{} titles", data.items()));
  const auto title = [&](int64_t item) {
    const auto i = static_cast<size_t>(item);
    const std::string& text = data.titles[i].empty() ? data.item_ids[i] : data.titles[i];
    auto ids = llm.tokenizer->encode_whole(text);
    models::need_rows(ids, llm.model->config().vocabulary, text);
    return ids;
  };
  return embed_items({*llm.model}, data.items(), title, nullptr, task);
}

int64_t embed(const Context& context) {
  const Tensor table = embed_titles(language_model(context), context.data(), context.task());
  nn::write_safetensors(context.output(kFile), {{"embeddings", table}}, context.metadata());
  return table.dim(0);
}

void check_embed(const Context& context) {
  INPUT_CHECK(!context.data().titles.empty(), context.data().source,
              ": has no titles, but llm_init embeds titles; hint: the method p2rec needs no titles");
  check_language_model(context, {.items_as = ItemsAs::Titles});
}

Stage embed_stage(const LanguageModelConfig& llm) {
  return {.name = kStage,
          .help = "embeds every item's title with the untuned language model",
          .inputs = with_llm({}, llm),
          .files = {kFile},
          .configs = {"llm"},
          .check = check_embed,
          .run = embed};
}

}  // namespace

const ItemInits& llm_init_inits() {
  static const ItemInits inits{
      {random_init(),
       {"llm_init", "principal components of the titles' embeddings", kStage,
        [](const InitRequest& r) { return r.reduce(embeddings(r.context)); }, true},
       {"llm_projected", "a random projection of the titles' embeddings", kStage, projected},
       {"llm_shuffled", "the principal components, shuffled over the items: the gain must vanish", kStage,
        [](const InitRequest& r) { return shuffled(r.reduce(embeddings(r.context)), r.seed); }}},
      kStage,
      [](const Context& context) { return embeddings(context).dim(1); }};
  return inits;
}

Sections LlmInitConfig::sections() {
  return {Section::of("recommender", "Recommender", recommender), Section::of("starts", "Recommender", inits),
          Section::of("llm", "Language model", llm), Section::of("evaluation", "Evaluation", ranking)};
}

void LlmInitConfig::check() const {
  p2rec::check(recommender);
  p2rec::check(ranking);
}

Stages LlmInitConfig::stages() const {
  Stages stages;
  if (llm.is_tiny()) stages.push_back(tiny_llm_stage());
  stages.push_back(embed_stage(llm));
  stages.push_back(train_stage(recommender, inits, llm_init_inits()));
  stages.push_back(evaluate_stage(llm_init_inits()));
  return stages;
}

}  // namespace p2rec
