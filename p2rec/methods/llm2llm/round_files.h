// The examples of LLM2LLM's rounds on disk, a file for each round and seed, for both of its tasks.
#pragma once

#include "p2rec/methods/llm2llm/llm2llm.h"
#include "p2rec/run/stage.h"

namespace p2rec {

constexpr const char* kTeach = "teach";  // the stage that writes them

// Writes a round's examples to its file. If the file is there, calls done_before(round) and reads it.
Once once_per_file(const Context& context, uint64_t seed, std::function<void(int64_t round)> done_before);

// The training data of the later stages: the examples of all rounds that were not dropped.
std::vector<TextPair> generated_texts(const Context& context, int64_t rounds, uint64_t seed);

}  // namespace p2rec
