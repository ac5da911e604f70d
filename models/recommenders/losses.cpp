#include "models/recommenders/losses.h"

#include <algorithm>
#include <cmath>

namespace models {
namespace {

using ag::Tensor;

// Each target, followed by its negatives: (M,1+n).
Tensor candidates(const Tensor& targets, const Tensor& negatives) {
  const int64_t M = targets.numel();
  AG_CHECK(negatives.defined() && negatives.rank() == 2 && negatives.dim(0) == M && negatives.dim(1) > 0,
           "recommender loss: it needs negatives for each of ", M, " targets");
  const int64_t n = negatives.dim(1);
  Tensor ids = Tensor::empty({M, 1 + n}, ag::DType::I32);
  for (int64_t i = 0; i < M; ++i) {
    int32_t* row = ids.ints() + i * (1 + n);
    row[0] = targets.ints()[i];
    std::copy_n(negatives.ints() + i * n, n, row + 1);
  }
  return ids;
}

// scores (M,1+n); the target's score is the first
Tensor binary_loss(const Tensor& scores, double beta) {
  const int64_t M = scores.dim(0), n = scores.dim(1) - 1;
  const Tensor positive =
      ag::bce_with_logits(ag::slice(scores, 1, 0, 1), Tensor::full({M, 1}, 1, scores.device()));
  const Tensor negative =
      ag::bce_with_logits(ag::slice(scores, 1, 1, 1 + n), Tensor::full({M, n}, 0, scores.device()));
  const double terms = static_cast<double>(n + 1);  // per position
  return ag::add(ag::scale(positive, beta / terms), ag::scale(negative, static_cast<double>(n) / terms));
}

Tensor sampled_softmax(const Tensor& scores, int64_t items) {
  const int64_t M = scores.dim(0), n = scores.dim(1) - 1;
  Tensor correction = Tensor::full({1 + n}, static_cast<ag::real>(std::log(double(items - 1) / double(n))));
  correction.data()[0] = 0;
  return ag::cross_entropy(ag::add_row(scores, correction.to(scores.device())),
                           Tensor::zeros({M}, ag::DType::I32));
}

}  // namespace

void describe(LossConfig& config, const nn::Visit& visit) {
  using enum RecommenderLoss;
  nn::visit_choice(
      visit,
      {"loss",
       "ce: cross-entropy over all items; against sampled negatives: bce, gbce (gSASRec's), sampled_softmax"},
      config.kind, {{"ce", CrossEntropy}, {"bce", BCE}, {"gbce", GBCE}, {"sampled_softmax", SampledSoftmax}});
  visit({"negatives", "negatives per position, for a loss that samples", nn::at_least(1)}, &config.negatives);
  visit({"gbce-t", "gbce: 0 is bce, 1 is calibrated", nn::between(0, 1)}, &config.gbce_t);
}

double gbce_beta(int64_t negatives, int64_t items, double t) {
  AG_CHECK(items > 1 && negatives > 0, "gBCE: ", negatives, " negatives of ", items, " items");
  const double a = static_cast<double>(negatives) / static_cast<double>(items - 1);
  return a * (t * (1 - 1 / a) + 1 / a);
}

Tensor recommender_loss(const LossConfig& config, int64_t items, const Tensor& h, const Tensor& table,
                        const Tensor& targets, const Tensor& negatives) {
  if (!config.samples()) return ag::linear_cross_entropy(h, table, targets);
  const Tensor scores = ag::candidate_scores(h, table, candidates(targets, negatives));
  if (config.kind == RecommenderLoss::SampledSoftmax) return sampled_softmax(scores, items);
  const bool is_gbce = config.kind == RecommenderLoss::GBCE;
  return binary_loss(scores, is_gbce ? gbce_beta(negatives.dim(1), items, config.gbce_t) : 1);
}

}  // namespace models
