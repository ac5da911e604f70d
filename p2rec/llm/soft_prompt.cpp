#include "p2rec/llm/soft_prompt.h"

#include <fmt/format.h>

#include "models/formats/language_model.h"

namespace p2rec {

ag::Tensor initial_soft_prompt(const models::Llama& llm, int64_t count, uint64_t seed) {
  return initial_item_tokens(llm, count, seed);
}

std::vector<int32_t> soft_prompt_ids(const SoftText& text, int64_t count, const models::Tokenizer& tokenizer,
                                     int64_t rows) {
  std::vector<int32_t> ids = tokenizer.special().before;
  const auto append = [&](const std::string& words) {
    const std::vector<int32_t> tokens = tokenizer.encode(words);
    ids.insert(ids.end(), tokens.begin(), tokens.end());
  };
  append(text.before);
  const size_t first = ids.size();
  append(text.after);
  models::need_rows(ids, rows, text.before + text.after);
  std::vector<int32_t> soft;
  for (int64_t i = 0; i < count; ++i) soft.push_back(static_cast<int32_t>(rows + i));
  ids.insert(ids.begin() + static_cast<ptrdiff_t>(first), soft.begin(), soft.end());
  return ids;
}

std::string shown_text(const SoftText& text, int64_t count) {
  return text.before + (count > 0 ? fmt::format("<soft {}>", count) : "") + text.after;
}

}  // namespace p2rec
