// The training losses of the recommenders: they compare the score of the target with those of other items.
//
// A score is the dot product of a state and an item's row. s+ is the score of the target, s- of a negative;
// |I| is the number of items, n the number of negatives per position, M the number of positions.
#pragma once

#include "autograd/ops.h"
#include "nn/io/describe.h"

namespace models {

enum class RecommenderLoss : uint8_t {
  // mean of log sum_i exp(s_i) - s+, where i runs over all items. The only loss without negatives.
  CrossEntropy,
  // -1/(M (n+1)) sum [log sigma(s+) + sum log(1 - sigma(s-))] (Kang and McAuley 2018: n = 1, no factor 1/2)
  BCE,
  // gBCE of gSASRec (Petrov and Macdonald 2023): BCE with log sigma(s+)^beta, which reduces the
  // overconfidence that few negatives cause. beta = a (t (1 - 1/a) + 1/a), a = n / (|I| - 1); t = 0 is BCE, t
  // = 1 calibrated.
  GBCE,
  // Cross-entropy over the target and its negatives. Negatives are drawn uniformly, so each represents
  // (|I| - 1)/n items, and log((|I| - 1)/n) is added to its score: the correction by the logarithm of the
  // sampling probability (Bengio and Senecal 2008). If all other items are negatives, this is cross-entropy.
  SampledSoftmax,
};

struct LossConfig {
  RecommenderLoss kind = RecommenderLoss::CrossEntropy;
  int64_t negatives = 1;  // n, for the losses that sample
  double gbce_t = 0.75;   // t in [0,1]
  bool samples() const { return kind != RecommenderLoss::CrossEntropy; }
};

void describe(LossConfig& config, const nn::Visit& visit);

// beta of gBCE. Throws ag::Error for fewer than two items or without negatives.
double gbce_beta(int64_t negatives, int64_t items, double t);

// The loss () of states h (M,C) for targets (M) I32 and, for a loss that samples, negatives (M,n) I32. Both
// are row numbers of table (V,C). `items` is |I|; it differs from V if the table holds only the rows of a
// sparse step. Throws ag::Error for other shapes.
ag::Tensor recommender_loss(const LossConfig& config, int64_t items, const ag::Tensor& h,
                            const ag::Tensor& table, const ag::Tensor& targets, const ag::Tensor& negatives);

}  // namespace models
