// SASRec: self-attentive sequential recommendation (Kang and McAuley 2018), a causal transformer over the items of a history
// whose states are compared with the item table. In four forms:
//
//             norms    feed-forward            input                                    positions      initial weights
//   Prenorm   Before   relu, inner dropout     item + position                          right-aligned  N(0, 0.02), in_proj
//                                                                                                      Xavier uniform
//   Original  Query    relu, inner dropout     sqrt(C) item + position                  right-aligned  Xavier uniform
//   Recbole   After    gelu                    norm(item + position)                    from zero      N(0, 0.02)
//   S3rec     After    gelu                    norm(item + position)                    right-aligned  N(0, 0.02)
//
// Prenorm is the form of today's re-implementations and the default; Original that of the authors' code (their feed-forward
// layer has inner = C); Recbole that of RecBole 1.2.1, with inner = 256 there, and S3rec
// that of RUCAIBox/CIKM2020-S3Rec without its pre-training, which differs from it in the side of the padding. Prenorm and Original end in a norm. The layer
// norms' eps is 1e-5, 1e-8, and 1e-12 in the last two. Biases begin as zero. In all of them dropout acts on the input, on the attention's weights
// and on both branches of a block.
#pragma once

#include <memory>
#include <vector>

#include "models/recommenders/recommender.h"
#include "models/recommenders/transformer_block.h"

namespace models {

class Sasrec : public TrainableRecommender {
 public:
  // Reads all of the configuration but gru_hidden and mask_ratio.
  Sasrec(const RecommenderModelConfig& config, uint64_t seed);

  // Right-aligned, the last item has position T-1 whatever the length; or from zero, as the variant has it.
  nn::Packed pack(const Histories& histories) const override;

 private:
  bool norm_first() const { return config_.variant == Variant::Recbole || config_.variant == Variant::S3rec; }
  ag::Tensor embed(const nn::Packed& input, const ag::Tensor& vectors) const;
  ag::Tensor encode(const nn::Packed& input, const ag::Tensor& vectors) const override;
  ag::Tensor encode_last(const nn::Packed& input, const ag::Tensor& vectors) const override;

  nn::Embedding position_embedding_;  // (T,C)
  TransformerBlocks blocks_;
  nn::LayerNorm norm_;  // of the states, or with Recbole and S3rec of the input
};

}  // namespace models
