// SASRec: self-attentive sequential recommendation (Kang and McAuley 2018), a causal transformer over the
// items of a history; its states are compared with the item table. Four forms are published:
//
//             source                      norms   last  eps    feed-forward   input             positions
//   Prenorm   today's re-implementations  Before  yes   1e-5   relu, dropout  item + p          right-aligned
//   Original  the authors' code           Query   yes   1e-8   relu, dropout  sqrt(C) item + p  right-aligned
//   Recbole   RecBole 1.2.1               After   no    1e-12  gelu           norm(item + p)    from zero
//   S3rec     CIKM2020-S3Rec [1]          After   no    1e-12  gelu           norm(item + p)    right-aligned
//
// p is the position's vector; "last" is a norm after the last block. Initial values: weights N(0, 0.02),
// except Xavier uniform for all of Original and for Prenorm's in_proj; biases zero. The authors' code has
// inner = C, RecBole 256. In all forms dropout acts on the input, on the attention's weights and on both
// branches of a block. [1] without its pre-training.
#pragma once

#include <memory>
#include <vector>

#include "models/recommenders/recommender.h"
#include "models/recommenders/transformer_block.h"

namespace models {

struct SasrecConfig : ConfigOf<SasrecConfig, class Sasrec, TransformerConfig> {
  enum class Variant : uint8_t { Prenorm, Original, Recbole, S3rec };
  Variant variant = Variant::Prenorm;
  // False: an item also attends to later ones, in training and in use. A position then sees the item that it
  // must predict; LLMEmb's published code trains so, and this is the control that shows what it does.
  bool causal_mask = true;

  void describe(const nn::Visit& visit) override;
  nn::OrderedJson architecture() const override;
  TransformerBlockConfig block() const override;
};

class Sasrec : public TrainableRecommender {
 public:
  Sasrec(const SasrecConfig& config, uint64_t seed);

  // The last T items. Right-aligned (the last item has position T-1) or from 0, depending on the variant.
  nn::Packed pack(const Histories& histories) const override;
  const SasrecConfig& config() const override { return config_; }

 private:
  ag::Tensor embed(const nn::Packed& input, const ag::Tensor& vectors) const;
  ag::Tensor encode(const nn::Packed& input, const ag::Tensor& vectors, Rows rows) const override;

  SasrecConfig config_;
  nn::Embedding position_embedding_;  // (T,C)
  TransformerBlocks blocks_;
  nn::LayerNorm norm_;  // of the input with Recbole and S3rec, else of the states
};

}  // namespace models
