#include "p2rec/llm/prompts.h"

#include <algorithm>

#include "autograd/check.h"
#include "models/formats/language_model.h"

namespace p2rec {
namespace {

std::string text_of(const Interactions& data, size_t item, ItemsAs items_as) {
  const std::string& id = data.item_ids[item];
  const std::string title = data.title(item);
  if (items_as == ItemsAs::Ids || title.empty()) return id;
  return items_as == ItemsAs::Titles ? title : id + " " + title;
}

void append(std::vector<int32_t>& to, const std::vector<int32_t>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

void describe(PromptConfig& config, const nn::Visit& visit) {
  nn::visit_choice(
      visit,
      {"items-as", "how a prompt writes an item: a new trainable token, its id's digits, its title, or both"},
      config.items_as,
      {{"tokens", ItemsAs::Tokens},
       {"ids", ItemsAs::Ids},
       {"titles", ItemsAs::Titles},
       {"ids+titles", ItemsAs::IdsAndTitles}});
  visit({"history", "maximum number of items in a prompt, the latest ones", nn::at_least(1)},
        &config.history);
}

Prompts::Prompts(const Interactions& data, const models::Tokenizer& tokenizer, const PromptConfig& config,
                 int64_t rows)
    : config_(config) {
  const auto encode = [&](const std::string& text) {
    auto ids = tokenizer.encode(text);
    models::need_rows(ids, rows, text);
    return ids;
  };
  const ItemsAs items_as = config.items_as;
  INPUT_CHECK(items_as == ItemsAs::Tokens || items_as == ItemsAs::Ids || !data.titles.empty(),
              "items-as: found titles, but ", data.source, " has no titles; hint: use tokens or ids");
  beginning_ = tokenizer.special().before;
  append(beginning_, encode("User history:"));
  end_ = encode("\nPreference:");
  append(end_, tokenizer.special().after);
  models::need_rows(beginning_, rows, "a prompt's beginning");
  models::need_rows(end_, rows, "a prompt's end");
  if (items_as != ItemsAs::Tokens) separator_ = encode(items_as == ItemsAs::Ids ? "," : ";");
  for (size_t i = 0; i < data.item_ids.size(); ++i) {
    const auto token = static_cast<int32_t>(rows + static_cast<int64_t>(i));
    item_tokens_.push_back(items_as == ItemsAs::Tokens ? std::vector{token}
                                                       : encode(" " + text_of(data, i, items_as)));
  }
}

Sequence Prompts::visible(Sequence items) const {
  return items.last(std::min(items.size(), static_cast<size_t>(config_.history)));
}

std::vector<int32_t> Prompts::of(Sequence items) const {
  std::vector<int32_t> prompt = beginning_;
  const Sequence shown = visible(items);
  for (size_t i = 0; i < shown.size(); ++i) {
    if (i > 0) append(prompt, separator_);
    append(prompt, item_tokens_[static_cast<size_t>(shown[i])]);
  }
  append(prompt, end_);
  return prompt;
}

std::vector<int32_t> Prompts::virtual_user(int32_t item) const {
  std::vector<int32_t> rest = item_tokens_[static_cast<size_t>(item)];
  append(rest, end_);
  return rest;
}

std::string prompt_text(const std::vector<int32_t>& prompt, const models::Tokenizer& tokenizer,
                        const Interactions& data, int64_t rows) {
  const auto is_item = [&](int32_t token) { return token >= rows; };
  std::string text;
  for (auto begin = prompt.begin(); begin != prompt.end();) {
    const auto words =
        std::find_if(begin, prompt.end(), is_item);  // not one by one: a character may be split
    text += tokenizer.decode({begin, words});
    begin = std::find_if_not(words, prompt.end(), is_item);
    for (const int32_t token : std::span(words, begin))
      text += "<i" + data.item_ids[static_cast<size_t>(token - rows)] + ">";
  }
  return text;
}

}  // namespace p2rec
