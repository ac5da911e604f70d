// Stage 2 of LLMEmb, recommendation adaptive training: a recommender reads the items' embeddings through an
// adapter, and the adapted vectors are aligned with a teacher's table.
//
//   e_i = principal components of the language model's embeddings    frozen
//   a_i = W_1 (W_0 e_i + b_0) + b_1, D -> D/2 -> d                   item i's vector in and out of the model
//   loss = L + alpha contrastive_loss(T, A, tau)                     L is the recommendation loss
//
// T and A (M,d) are the teacher's and the adapted vectors of the M items that the batch predicts; tau is
// fixed. From the code (`models/LLMEmb.py`, `Adapter.py`, `results/convert.ipynb`,
// `experiments/beauty/srs/llmemb.bash`): all of this, alpha 0.01, tau 2, up to 1,536 components, a SASRec as
// teacher for every recommender, no activation in the adapter. Ours: the recommendation loss is --loss
// (theirs is the sum of the binary cross-entropies of a positive and a negative, twice our bce), components
// are scaled to standard deviation 1 over all numbers, and if M is above 1,024, evenly spaced 1,024 of the
// batch's targets are aligned (the matrix of all would have M^2 numbers: with ml-1m gigabytes).
// Their SASRec trains without its causal mask (the argument is commented out): ours has it, and
// --no-causal-mask is the control that shows what that does.
#pragma once

#include "p2rec/training/train_recommender.h"

namespace p2rec {

struct AlignedAdapterConfig {
  int64_t components = 1536;  // at most; fewer if the embeddings have fewer columns or items
  double alpha = 0.01;        // weight of the alignment
  double tau = 2;             // temperature of the alignment
};
void describe(AlignedAdapterConfig& config, const nn::Visit& visit);

// The principal components (V,D) of embeddings (V,C), D = min(components, V, C). Standardised, they are the
// adapter's input.
ag::Tensor most_components(const ag::Tensor& embeddings, int64_t components);

// alpha times the alignment loss, for each training step. teacher (V,d), d the recommender's hidden.
ExtraLoss alignment(const ag::Tensor& teacher, const AlignedAdapterConfig& config);

}  // namespace p2rec
