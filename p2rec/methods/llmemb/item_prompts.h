// LLMEmb's prompts: an item as the list of its attributes.
//
//   The item has the following attributes:
//    title is Toy Story; release_year is 1995; genre is Animation Children's Comedy
//
// For the contrastive loss an item is read twice, each time with some of its attributes in a random order.
// From the code (data/*/item_prompt.ipynb, llm/data_processor/llama.py): "k is v", joined by "; "; values cut
// to 100 characters, ";" in them replaced by "."; ids, "related", "imUrl" and "salesRank" left out; a copy
// shuffles the attributes and drops the last int(n * ratio) of n; the end token after the prompt. Ours: "The
// item" instead of "The beauty item", an item without attributes is its id, and the rule for items with one
// attribute. The code gives those two copies without any attribute; here each copy drops int(n * ratio) of
// the n words, drawn at random, and keeps the order of the rest.
#pragma once

#include <string>
#include <vector>

#include "autograd/rng.h"
#include "models/tokenizers/tokenizer.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

// The attributes of an item that has a value, as "k is v": the title first.
std::vector<std::string> item_attributes(const Interactions& data, int64_t item);

class ItemPrompts {
 public:
  // `rows`: rows of the model's token table. Throws ag::InputError for a token without a row. Refers to the
  // tokenizer.
  ItemPrompts(const Interactions& data, const models::Tokenizer& tokenizer, int64_t rows);

  int64_t items() const { return static_cast<int64_t>(attributes_.size()); }
  // The tokens of the prompt with all attributes.
  std::vector<int32_t> whole(int64_t item) const;
  // The tokens of copy 0 or 1 of a training step, which seed and step of `key` determine.
  std::vector<int32_t> copy(int64_t item, int copy, double ratio, const ag::RandomKey& key) const;

 private:
  std::vector<int32_t> tokens_of(const std::vector<std::string>& attributes) const;

  const models::Tokenizer& tokenizer_;
  std::vector<std::vector<std::string>> attributes_;  // per item
};

// The attributes, or the words of the only one, that a copy keeps. `draw` (n) has a random number for each.
std::vector<std::string> dropped_attributes(const std::vector<std::string>& attributes, double ratio,
                                            const std::vector<double>& draw);

// The number of random numbers that dropped_attributes needs: of attributes, or of words of the only one.
size_t parts_of(const std::vector<std::string>& attributes);

}  // namespace p2rec
