// 15c All instances of a user in one pass.
//
// Instance-level fine-tuning reads a history once for each of its items, since the words that ask the
// question come last. Without such words it need not: the mask is causal, so the state at place t has seen
// exactly the items up to t, which is the history of instance t+1. One pass over all items but the last gives
// the states of all instances, as in SASRec (09).
//
//   loss = mean over users and places t of -log softmax(E h_t)[item_{t+1}]
//
// Here a small Llama's vocabulary is the items: its token table is E, and an item is its own token. Write the
// loss in one pass. The test compares it with one prompt for each instance, value and gradient.
//
// Hint 1: nn::pack puts the sequences end to end; llm.hidden_states(packed) gives a state (N,C) for each
// item.
// Hint 2: The inputs are each sequence without its last item, the targets each sequence without its first.
// Hint 3: ag::linear_cross_entropy(states, llm.token_table(), targets).
#pragma once

#include <vector>

#include "models/llama/llama.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n15c {

// sequences: training parts of at least two items each. Returns the loss () on the tape.
inline ag::Tensor all_places_loss(const models::Llama& llm,
                                  const std::vector<std::vector<int32_t>>& sequences) {
  throw NotImplemented("the loss in one pass");
}

// How many tokens one pass reads, and how many one prompt for each instance would: (once, each).
inline std::pair<int64_t, int64_t> tokens(const std::vector<std::vector<int32_t>>& sequences) {
  throw NotImplemented("the tokens");
}

}  // namespace exercise::n15c
