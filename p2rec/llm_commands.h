// p2rec llm ...: looks at a language model alone.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace p2rec {

struct LlmRequest {
  std::string
      llm;  // a GGUF file, a Hugging Face folder, or the tiny_llm.safetensors of a run; tokenize: or "tiny"
  std::string text;     // special tokens written in it are recognised, none are added
  std::string adapter;  // logits, embed, merge: a PEFT adapter folder, or empty
  std::string out;      // logits, embed: the safetensors file to write; merge: the folder
  int64_t tokens = 32;  // generate: at most so many
};

// All of these throw ag::InputError for a file that is wrong and for a text without a token where one is needed.

void llm_tokenize(const LlmRequest& request, std::ostream& out);  // the ids on one line
void llm_logits(const LlmRequest& request);                       // writes ids (T) and logits (T,V)
void llm_embed(const LlmRequest& request);  // writes hidden (C): the last token's state after the final norm
void llm_generate(const LlmRequest& request,
                  std::ostream& out);  // the greedy continuation, up to the end of text

// Adds the adapter to the model's weights and writes a Hugging Face folder that transformers loads: config.json,
// model.safetensors, tokenizer.json, tokenizer_config.json, and generation_config.json where there is an end token. Without
// an adapter it converts. The folder appears whole or not at all; a folder that holds something is refused.
void llm_merge(const LlmRequest& request);

}  // namespace p2rec
