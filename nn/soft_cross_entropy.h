// Cross-entropy with a target for every class, composed of ops: P2Rec's preference losses and LLMEmb's
// contrastive loss are made of it.
#pragma once

#include "autograd/tensor.h"

namespace nn {

// -(1/N) sum_n sum_v targets[n][v] log softmax(logits[n])[v] -> (). Both are (N,V), N >= 1, and both get
// gradients. A row of targets need not sum to 1. Large logits do not overflow: the row's largest is
// subtracted first.
ag::Tensor soft_cross_entropy(const ag::Tensor& logits, const ag::Tensor& targets);

}  // namespace nn
