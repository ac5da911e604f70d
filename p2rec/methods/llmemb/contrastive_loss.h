// The contrastive loss of both stages of LLMEmb, with soft targets:
//
//   P = softmax over rows of tau (X X^T + Y Y^T) / 2         (B,B): how similar the members of the pairs are
//   L = X Y^T / tau                                          (B,B)
//   loss = mean over i of [CE(P_i, L_i) + CE((P^T)_i, (L^T)_i)] / 2,   CE(p, l) = -sum_j p_j log softmax(l)_j
//
// From the code (`llm/llama.py` Contrastive_Loss, `models/utils.py` Contrastive_Loss2): all of it. Rows are
// not L2-normalised, gradients also go through the targets P, and the rows of P^T do not sum to 1. The
// paper's text suggests InfoNCE instead: hard targets (each row's own pair), one temperature below the
// similarity.
#pragma once

#include "autograd/tensor.h"

namespace p2rec {

// x, y (B,D): row i of both is one pair; tau () positive. All may require grad.
ag::Tensor contrastive_loss(const ag::Tensor& x, const ag::Tensor& y, const ag::Tensor& tau);

}  // namespace p2rec
