// p2rec llm ...: looks at a language model alone.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "models/llama/sampling.h"

namespace p2rec {

struct LlmRequest {
  // A GGUF file, a Hugging Face folder, or the tiny_llm.safetensors of a run; for tokenize also "tiny".
  std::string llm;
  std::string text;           // special tokens written in it are recognised, none are added
  std::string text_file;      // tokenize: instead of text, a file of many
  std::string adapter;        // logits, embed, merge: a PEFT adapter folder, or empty
  std::string out;            // logits, embed: the safetensors file to write; merge: the folder
  int64_t tokens = 32;        // generate: at most so many
  models::Sampling sampling;  // generate: greedy unless a temperature is given
};

// All of these throw ag::InputError for a file that is wrong and for a text without a token where one is needed.

// The ids on one line; of each text of `text_file`, which holds a JSON string ("a\nb") on each line.
void llm_tokenize(const LlmRequest& request, std::ostream& out);
void llm_logits(const LlmRequest& request);  // writes ids (T) and logits (T,V)
void llm_embed(const LlmRequest& request);   // writes hidden (C): the last token's state after the final norm
// The continuation, up to the end of text. Refuses what draws nothing: a temperature below 0, top-k below 0, top-p outside
// (0,1], and any of top-k, top-p without a temperature.
void llm_generate(const LlmRequest& request, std::ostream& out);

}  // namespace p2rec
