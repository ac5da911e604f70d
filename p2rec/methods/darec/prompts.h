// DARec's prompts: "History: TITLE; TITLE;\nThe next item is:", in blocks; the first layers attend within
// them.
#pragma once

#include <string>
#include <vector>

#include "p2rec/llm/candidates.h"

namespace p2rec {

// The blocks are the prompt's beginning, each item with its semicolon, and the prompt's end.
struct DarecPrompt {
  std::vector<int32_t> ids;
  std::vector<int32_t> blocks;  // their lengths
  std::vector<int32_t> items;   // block i + 1 is items[i]
};

class DarecPrompts {
 public:
  // `history`: the maximum number of items. Throws ag::InputError if a token is not below `rows`.
  DarecPrompts(const Interactions& data, const models::Tokenizer& tokenizer, int64_t rows, int64_t history);
  DarecPrompt of(Sequence history) const;  // of its latest items

 private:
  std::vector<int32_t> beginning_, end_;
  TitleTokens items_;
  int64_t history_;
};

// The same as text.
std::string darec_text(const Interactions& data, Sequence history, int64_t most);

}  // namespace p2rec
