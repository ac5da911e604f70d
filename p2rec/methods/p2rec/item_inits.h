// Where a later recommender's item table begins: the method's embeddings, and the controls that they are compared with.
#pragma once

#include <string>
#include <vector>

#include "autograd/tensor.h"
#include "p2rec/evaluation/results.h"
#include "p2rec/methods/p2rec/item_groups.h"

namespace p2rec {

// random         no table: the recommender's own random weights, N(0, std)
// p2rec          the enhanced embeddings
// p2rec_shuffled the same rows dealt out to the items at random: the gain must vanish, for it comes from meaning
// llm_untuned    the embeddings without step 4
// teacher        the teacher's own item table: what the language model adds beyond it
// groups         a random code per group: what k-means alone gives
const std::vector<std::string>& start_names();
Arm start_arm(const std::string& start);  // as an arm of the results, with its meaning for a reader

// What a start does not need may be empty.
struct StartInputs {
  int64_t items = 0;             // V
  ag::Tensor enhanced, untuned;  // (V,C)
  ag::Tensor teacher;            // (V,d)
  ItemGroups groups;
};

// The table (V,d) of a start, scaled to the standard deviation `std` over all its numbers. Embeddings of the language model
// are reduced to d columns by principal components. `seed` is the recommender's: it draws codes, order and random numbers.
ag::Tensor start_table(const std::string& start, const StartInputs& inputs, int64_t d, double std,
                       uint64_t seed);

// The same for a recommender that keeps the vectors as they are behind an adapter (models::ItemsUse): (V,D), not reduced,
// every column centred, and all of them scaled to a joint standard deviation of one. Vectors that are drawn have as many
// columns as the language model's.
ag::Tensor start_features(const std::string& start, const StartInputs& inputs, uint64_t seed);

// The first d principal components of the rows (V,C), centred: (V,d). A component's sign makes its largest loading
// positive, so the result does not depend on the solver's whim.
ag::Tensor principal_components(const ag::Tensor& rows, int64_t d);

}  // namespace p2rec
