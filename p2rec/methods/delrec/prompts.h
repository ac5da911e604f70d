// DELRec's three prompts. tests/p2rec/methods/delrec_test.cpp has each in full.
#pragma once

#include <vector>

#include "nn/io/describe.h"
#include "p2rec/llm/candidates.h"
#include "p2rec/llm/soft_prompt.h"

namespace p2rec {

struct DelrecPromptConfig {
  int64_t history = 10;       // maximum number of items, the latest ones
  int64_t soft_tokens = 100;  // S
};
void describe(DelrecPromptConfig& config, const nn::Visit& visit);

// Temporal analysis needs at least this many items: four of the example, and three to ask about.
constexpr int64_t kExampleItems = 4, kLeastAnalysed = kExampleItems + 3;

// Temporal analysis: which of the candidates is the most recent item [X] of a history, if the next item is
// known? The first four items are an example: two items, its [M], and its next item. Of the rest, the last
// but one is [X] and the last is the next item. items: at least kLeastAnalysed.
SoftText analysis_text(Sequence items, Sequence candidates, const Interactions& data);
int32_t analysed_item(Sequence items);  // [X]

// The teacher's own choice: its list without the first one is given; which candidate comes first?
SoftText simulation_text(Sequence history, Sequence candidates, Sequence rest_of_list,
                         const Interactions& data);

// The ranking prompt. with_pattern: false leaves out the sentences about the soft prompt.
SoftText ranking_text(Sequence history, Sequence candidates, const Interactions& data, bool with_pattern);

// The last config.history items.
Sequence latest(Sequence items, const DelrecPromptConfig& config);

}  // namespace p2rec
