// The losses that every recommender can be trained on: how well a state tells its target from other items.
//
// s+ is the score of the target, s- of a negative, a score the product of a state and an item's row; |I| is
// the number of items, n the number of negatives a position, M the number of positions.
#pragma once

#include "autograd/ops.h"
#include "nn/io/describe.h"

namespace models {

enum class RecommenderLoss : uint8_t {
  // mean of log sum_i exp(s_i) - s+, over all items. The only one that needs no negatives.
  CrossEntropy,
  // -1/(M (n+1)) sum [log sigma(s+) + sum log(1 - sigma(s-))] (Kang and McAuley 2018: n = 1, no factor 1/2)
  BCE,
  // gBCE of gSASRec (Petrov and Macdonald 2023): BCE with log sigma(s+)^beta, against the overconfidence of
  // few negatives. beta = a (t (1 - 1/a) + 1/a), a = n / (|I| - 1); t = 0 is BCE, t = 1 is calibrated.
  GBCE,
  // Cross-entropy over the target and its negatives. A negative is drawn evenly, so each stands for
  // (|I| - 1)/n items, and log((|I| - 1)/n) is added to its score: the correction by the logarithm of the
  // sampling probability (Bengio and Senecal 2008). With all other items as negatives this is cross-entropy.
  SampledSoftmax,
};

struct LossConfig {
  RecommenderLoss kind = RecommenderLoss::CrossEntropy;
  int64_t negatives = 1;  // n, of the losses that sample
  double gbce_t = 0.75;   // t in [0,1]
  bool samples() const { return kind != RecommenderLoss::CrossEntropy; }
};

void describe(LossConfig& config, const nn::Visit& visit);

// beta of gBCE. Throws ag::Error if there is no second item.
double gbce_beta(int64_t negatives, int64_t items, double t);

// The loss () of states h (M,C) on targets (M) I32 and, if it samples, negatives (M,n) I32: rows of table
// (V,C). `items` is |I|, which is V unless the table holds only the rows of a step. ag::Error: other shapes.
ag::Tensor recommender_loss(const LossConfig& config, int64_t items, const ag::Tensor& h,
                            const ag::Tensor& table, const ag::Tensor& targets, const ag::Tensor& negatives);

}  // namespace models
