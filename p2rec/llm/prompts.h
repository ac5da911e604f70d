// The prompts for the language model: one per user, or one per item as a virtual user.
//
// The paper writes a user as the sequence of item ids. How an id becomes tokens, and the words around it, are
// this project's choices:
//   tokens       User history:<i242><i302>...\nPreference:      one new trainable token per item
//   ids          User history: 242, 302, ...\nPreference:        the digits of the id
//   titles       User history: Kolya; L.A. Confidential; ...     the title (the id if an item has none)
//   ids+titles   User history: 242 Kolya; ...
#pragma once

#include <vector>

#include "models/tokenizers/tokenizer.h"
#include "nn/io/describe.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// How a prompt writes an item, as above.
enum class ItemsAs : uint8_t { Tokens, Ids, Titles, IdsAndTitles };

struct PromptConfig {
  ItemsAs items_as = ItemsAs::Tokens;
  int64_t history = 50;  // maximum number of items in a prompt, the user's last ones
};
void describe(PromptConfig& config, const nn::Visit& visit);

class Prompts {
 public:
  // `rows`: rows of the model's token table. Throws ag::InputError if the prompts need titles and the data
  // have none, or if a text has a token without a row.
  Prompts(const Interactions& data, const models::Tokenizer& tokenizer, const PromptConfig& config,
          int64_t rows);

  // beginning + items + end, between the tokenizer's special tokens. Ids >= `rows` are item tokens.
  std::vector<int32_t> of(Sequence items) const;
  const std::vector<int32_t>& beginning() const { return beginning_; }  // of all prompts
  std::vector<int32_t> virtual_user(int32_t item) const;                // the rest of a one-item prompt
  Sequence visible(Sequence items) const;                               // the last config.history items

  int64_t items() const { return static_cast<int64_t>(item_tokens_.size()); }
  bool has_item_tokens() const { return config_.items_as == ItemsAs::Tokens; }

 private:
  PromptConfig config_;
  std::vector<int32_t> beginning_, separator_, end_;
  std::vector<std::vector<int32_t>> item_tokens_;  // per item
};

// A prompt as text, with item tokens as <iID>. `rows`: rows of the model's token table.
std::string prompt_text(const std::vector<int32_t>& prompt, const models::Tokenizer& tokenizer,
                        const Interactions& data, int64_t rows);

}  // namespace p2rec
