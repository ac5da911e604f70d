// Candidate lists: for each user the target among other items in random order. A language model ranks such a
// list and not the catalogue, because every item costs it several tokens.
//
// The papers draw 15, 20 or 25 items with the target. What they draw them from is ours: uniformly, without
// the items of the user's history. Metrics of lists are larger than those of the catalogue, and may order
// methods differently (evaluation.h); compare them only with metrics of the same lists.
#pragma once

#include <string>
#include <vector>

#include "models/tokenizers/tokenizer.h"
#include "p2rec/evaluation/evaluation.h"

namespace p2rec {

struct CandidateConfig {
  int64_t count = 20;   // n: items of a list
  int64_t users = 200;  // `most` of ranked_users
  uint64_t seed = 1;    // of the lists; every arm ranks the same ones
};
void describe(CandidateConfig& config, const nn::Visit& visit);

// Draws lists. Each is a pure function of the seed, its number and the arguments.
class CandidateSampler {
 public:
  // Throws ag::InputError, with an option's name, for more candidates than items.
  CandidateSampler(int64_t items, int64_t count, uint64_t seed);

  // (n): the target and n - 1 other items that are not in the history, in random order. Throws ag::InputError
  // if too few are left.
  std::vector<int32_t> draw(int64_t number, int32_t target, Sequence history) const;

 private:
  int64_t items_, count_;
  uint64_t seed_;
  NegativeItems negatives_;
};

struct CandidateList {
  int64_t user = 0;
  std::vector<int32_t> items;  // (n)
  int32_t place = 0;           // of the target
};
// One list for each of ranked_users(data, target, config.users), in their order. Each history is what the
// user had before the target.
std::vector<CandidateList> candidate_lists(const Interactions& data, Target target,
                                           const CandidateConfig& config);

// The ranks (0 is first) of the lists' targets. scores (lists, n): higher is better; ties count against the
// target.
std::vector<int64_t> ranks_in_lists(const std::vector<CandidateList>& lists, const ag::Tensor& scores);

// (lists, n): a recommender's scores of the candidates after each user's history.
ag::Tensor recommender_scores(const models::SequentialRecommender& model, const Interactions& data,
                              const std::vector<CandidateList>& lists, Target target);

// --- items in words ----------------------------------------------------------------------------------------

// An item's title, or its id if it has none.
std::string item_text(const Interactions& data, int32_t item);
// "A; B; C"
std::string item_texts(const Interactions& data, Sequence items);

// The tokens of every item's text as the continuation of a prompt, with a blank before it. Throws
// ag::InputError if a token has no row in the model's table.
using TitleTokens = std::vector<std::vector<int32_t>>;
TitleTokens title_tokens(const Interactions& data, const models::Tokenizer& tokenizer, int64_t rows);

}  // namespace p2rec
