#include "p2rec/methods/darec/prompts.h"

#include <algorithm>

#include "models/formats/language_model.h"

namespace p2rec {
namespace {

constexpr const char *kBeginning = "History:", *kEnd = "\nThe next item is:";

Sequence latest(Sequence history, int64_t most) {
  return history.last(std::min(history.size(), static_cast<size_t>(most)));
}

std::string block_text(const Interactions& data, int32_t item) { return " " + item_text(data, item) + ";"; }

}  // namespace

DarecPrompts::DarecPrompts(const Interactions& data, const models::Tokenizer& tokenizer, int64_t rows,
                           int64_t history)
    : beginning_(tokenizer.special().before), history_(history) {
  const auto tokens_of = [&](const std::string& text) {
    std::vector<int32_t> tokens = tokenizer.encode(text);
    models::need_rows(tokens, rows, text);
    return tokens;
  };
  const std::vector<int32_t> words = tokens_of(kBeginning);
  beginning_.insert(beginning_.end(), words.begin(), words.end());
  end_ = tokens_of(kEnd);
  for (int32_t item = 0; item < data.items(); ++item) items_.push_back(tokens_of(block_text(data, item)));
}

DarecPrompt DarecPrompts::of(Sequence history) const {
  const Sequence shown = latest(history, history_);
  DarecPrompt prompt{{}, {}, {shown.begin(), shown.end()}};
  const auto append = [&](const std::vector<int32_t>& block) {
    prompt.ids.insert(prompt.ids.end(), block.begin(), block.end());
    prompt.blocks.push_back(static_cast<int32_t>(block.size()));
  };
  append(beginning_);
  for (const int32_t item : shown) append(items_[static_cast<size_t>(item)]);
  append(end_);
  return prompt;
}

std::string darec_text(const Interactions& data, Sequence history, int64_t most) {
  std::string text = kBeginning;
  for (const int32_t item : latest(history, most)) text += block_text(data, item);
  return text + kEnd;
}

}  // namespace p2rec
