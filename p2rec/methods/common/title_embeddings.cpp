#include "p2rec/methods/common/title_embeddings.h"

#include <fmt/format.h>

#include "p2rec/llm/candidates.h"
#include "p2rec/llm/embed.h"
#include "p2rec/methods/common/item_init.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr const char* kTableFile = "item_embeddings.safetensors";

Tensor embed_titles(const models::LanguageModel& llm, const Interactions& data, const Task& task) {
  task.announce(fmt::format("{} titles", data.items()));
  const auto title = [&](int64_t item) {
    const std::string text = item_text(data, static_cast<int32_t>(item));
    auto ids = llm.tokenizer->encode_whole(text);
    models::need_rows(ids, llm.model->config().vocabulary, text);
    return ids;
  };
  return embed_items({*llm.model}, data.items(), title, nullptr, task);
}

int64_t embed(const Context& context) {
  const Tensor table = embed_titles(language_model(context), context.data(), context.task());
  nn::write_safetensors(context.output(kTableFile), {{"embeddings", table}}, context.metadata());
  return table.dim(0);
}

void check_embed(const Context& context) {
  INPUT_CHECK(!context.data().titles.empty(), context.data().source,
              ": has no titles, which this method embeds; hint: the method p2rec needs no titles");
  check_language_model(context, {.items_as = ItemsAs::Titles});
}

}  // namespace

Stage embed_titles_stage(const LanguageModelConfig& llm) {
  return {.name = kEmbedTitles,
          .help = "embeds every item's title with the untuned language model",
          .inputs = with_llm({}, llm),
          .files = {kTableFile},
          .configs = {"llm"},
          .check = check_embed,
          .run = embed};
}

Tensor title_embeddings(const Context& context) {
  return read_item_matrix(context.input(kEmbedTitles, kTableFile), "embeddings", context.data().items());
}

}  // namespace p2rec
