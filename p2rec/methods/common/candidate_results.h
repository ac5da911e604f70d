// The results of a method that ranks candidate lists: HR@1, HR@5 and NDCG@5 of each arm, one number per user.
// Popularity and the teacher rank the same lists, as the floor of every table.
#pragma once

#include <string>
#include <vector>

#include "p2rec/evaluation/results.h"
#include "p2rec/llm/candidates.h"
#include "p2rec/report/report.h"
#include "p2rec/run/stage.h"

namespace p2rec {

// Throws ag::InputError, before a run, if the data have no titles or too few items, or if the language model
// cannot be used. For stages with the sections "llm" and "candidates".
void check_candidate_ranking(const Context& context);

struct ScoredArm : Arm {
  ag::Tensor scores;  // (lists, n), higher is better
};

// The teacher, and how popular items are, as arms. For stages with the section "teacher" and the input
// "pretrain".
std::vector<ScoredArm> floor_arms(const Context& context, const std::vector<CandidateList>& lists,
                                  Target target);

// One row per arm, all with one seed. `baseline`: the arm that the others are compared with.
Results candidate_results(const Interactions& data, const std::vector<CandidateList>& lists,
                          const std::vector<ScoredArm>& arms, const std::string& baseline, uint64_t seed);

// Writes ranks.tsv and records the results of these arms and the floor's.
void record_candidate_results(const Context& context, const std::vector<CandidateList>& lists,
                              std::vector<ScoredArm> arms, const std::string& baseline);

// HR@1, HR@5 and NDCG@5 if the n items of a list are in random order.
std::vector<double> chance(int64_t n);

// --- the report's example ----------------------------------------------------------------------------------

// {"user", "prompt", "target", "candidates": [{"item", "title", "score"}]}, the best candidate first; items
// are as in shown_item.
nn::OrderedJson describe_ranked_list(const Interactions& data, const CandidateList& list,
                                     const std::string& prompt, const ag::Tensor& scores /*(n)*/);
std::string ranked_list_html(const nn::OrderedJsonReader& described);

}  // namespace p2rec
