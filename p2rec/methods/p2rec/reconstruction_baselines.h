// What the reconstruction of step 4 is judged against: three predictions that need no language model.
#pragma once

#include "autograd/tensor.h"
#include "p2rec/llm/prompts.h"
#include "p2rec/methods/p2rec/item_groups.h"

namespace p2rec {

// Mean squared errors on the held-out users, of the same targets as the reconstruction's held-out loss.
struct ReconstructionBaselines {
  double mean = 0;    // the training users' mean preference
  double window = 0;  // the group histogram of the items that the prompt shows, with the true groups
  double ridge = 0;   // ridge regression from the bag of shown items, without the groups
};

// The ridge's penalty is the best of 0.01, 0.1, 1, 10 and 100 on a tenth of the training users (another hash of the id).
ReconstructionBaselines reconstruction_baselines(const Interactions& data, const ItemGroups& groups,
                                                 const ag::Tensor& preferences /*(users,K)*/,
                                                 const Prompts& prompts);

}  // namespace p2rec
