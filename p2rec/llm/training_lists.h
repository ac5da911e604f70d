// The training examples of methods that learn to rank candidate lists: one per user.
#pragma once

#include <vector>

#include "p2rec/llm/candidates.h"

namespace p2rec {

// The target of a user's list is the last item of the training part, and the history what is before it. The
// other candidates are drawn from what is not in the training part, with random numbers that no evaluation
// uses: otherwise a model would learn the very items that its target is later ranked against.
struct TrainingLists {
  std::vector<CandidateList> lists;
  std::vector<int64_t> train, heldout;  // indices of lists; a tenth of the users is held out (finetune.h)
};
// Of users with at least `least` >= 2 training items, a fixed sample of `most` (sampled_users). Throws
// ag::InputError without a user to train on.
TrainingLists training_lists(const Interactions& data, int64_t candidates, uint64_t seed, int64_t least,
                             int64_t most);

// The training items of a list's user before its target.
Sequence history_of(const Interactions& data, const CandidateList& list);

// The examples of a training step, `batch` at a time. Their order depends only on the seed and the epoch.
std::vector<int64_t> examples_of_step(const std::vector<int64_t>& examples, int64_t batch, int64_t step,
                                      uint64_t seed);
inline int64_t steps_of_epoch(const std::vector<int64_t>& examples, int64_t batch) {
  return (std::ssize(examples) + batch - 1) / batch;
}

// A seed for lists of one kind, a function of the run's seed and the kind's name.
uint64_t list_seed(const std::string& kind, uint64_t seed);

}  // namespace p2rec
