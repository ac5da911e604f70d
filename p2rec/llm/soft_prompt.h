// A soft prompt (Lester et al. 2021): S trained vectors in a prompt, in place of token vectors. The language
// model is frozen.
//
// In a prompt they are the ids from the vocabulary's size on, which ItemReader{llm, vectors} reads.
#pragma once

#include <string>
#include <vector>

#include "models/tokenizers/tokenizer.h"
#include "p2rec/llm/embed.h"

namespace p2rec {

// A prompt with a place for the soft prompt: between the two texts.
struct SoftText {
  std::string before, after;
};

// Initial vectors (S,C): N(0,s), s the root mean square of the model's token table, as for item tokens.
ag::Tensor initial_soft_prompt(const models::Llama& llm, int64_t count, uint64_t seed);

// The tokens of `before`, `count` ids of the soft prompt, and the tokens of `after`, with the special tokens
// that begin a text and without those that end it. Throws ag::InputError if a token has no row.
std::vector<int32_t> soft_prompt_ids(const SoftText& text, int64_t count, const models::Tokenizer& tokenizer,
                                     int64_t rows);

// The same for a person: "<soft 100>" in place of the vectors.
std::string shown_text(const SoftText& text, int64_t count);

}  // namespace p2rec
