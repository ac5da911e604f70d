// Two ways in which a language model scores the items of a candidate list after a prompt.
//
//   title   the sum over the tokens t of the item's title of log p(t | prompt, the title's tokens before t)
//   token   h . v, with h the state at the prompt's last token and v the item's vector as if it were one
//           token. v is the mean of the output matrix's rows for the title's tokens, so that h . v is the
//           mean of their logits: the verbalizer of OpenPrompt, which DELRec's code uses
//
// The first one is exact and needs a pass over every title. The second one costs only the prompt, so it can
// be trained; it ignores the order of a title's tokens.
#pragma once

#include <functional>
#include <vector>

#include "models/llama/llama.h"
#include "p2rec/llm/candidates.h"
#include "p2rec/task/task.h"

namespace p2rec {

// The scores (n) of the titles, which have at least one token each. The prompt has at least two tokens.
// Computed in double from the logits. Records nothing.
std::vector<double> title_scores(const models::Llama& llm, const std::vector<int32_t>& prompt,
                                 const TitleTokens& titles);

// The items' vectors (V,C), without history. The scores (B,n) of candidates (B,n) after states (B,C) are
// ag::candidate_scores(states, vectors, candidates).
ag::Tensor title_vectors(const models::Llama& llm, const TitleTokens& titles);

// A table (rows, columns) that is computed row by row, a row at a time on each of the task's ranks. Saves and
// resumes; `what` names a row in the progress.
ag::Tensor score_rows(int64_t rows, int64_t columns, const std::string& what,
                      const std::function<std::vector<double>(int64_t row)>& scores, const Task& task);

}  // namespace p2rec
