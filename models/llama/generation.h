// Generation: a language model continues many prompts token by token.
//
// All running sequences take each step together, so that the linear layers are products of matrices
// ("continuous batching", Yu et al., Orca, OSDI 2022). A sequence that ends leaves, and the next prompt joins
// at the following step: its whole prompt is then in the same pass as the single tokens of the others. Each
// sequence has its own key-value cache and its own random numbers, so its tokens do not depend on the others.
#pragma once

#include <functional>
#include <vector>

#include "models/llama/llama.h"
#include "models/llama/sampling.h"

namespace models {

struct Prompt {
  std::vector<int32_t> ids;  // at least one
  // Chooses the random numbers: the prompt's place in the whole list, also if only a part of it is generated
  // now. Equal prompts with different numbers get different continuations.
  uint32_t number = 0;
};

struct Generation {
  int64_t tokens = 32;             // of a continuation, at most
  std::vector<int32_t> ends = {};  // a continuation stops before one of these
  Sampling sampling = {};
  // Maximum number of tokens for which the caches of the running sequences have room: a prompt and its
  // continuation each. A longer sequence runs by itself.
  int64_t tokens_at_once = 16384;
};

// Continues each prompt and calls on_finished(index of the prompt, tokens without the end token) as soon as
// its continuation is finished. Throws ag::Error for an empty prompt.
void generate(const Llama& model, const std::vector<Prompt>& prompts, const Generation& config,
              const std::function<void(size_t, const std::vector<int32_t>&)>& on_finished);

// The continuation of one prompt.
std::vector<int32_t> generate(const Llama& model, const std::vector<int32_t>& prompt,
                              const Generation& config = {});

}  // namespace models
