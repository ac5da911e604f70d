// BERT4Rec (Sun et al. 2019): a bidirectional transformer that predicts masked items of a sequence. To
// recommend, it predicts the item of a mask after the history.
//
//   Recbole  the form of RecBole 1.2.1: a head (linear layer, gelu and norm) transforms a state before it is
//            compared with the item table, and every item has a bias. Half of the steps mask only the last
//            item of each sequence, as in evaluation
//   Plain    no head and no bias, random masks only (antklen/sasrec-bert4rec-recsys23)
//
// Both: post-LN, gelu, eps 1e-12, positions from zero, normalised input; all matrices are initialised as
// N(0, 0.02). Unlike in RecBole, a masked first item is a target, and a history that fits the window keeps
// its first item.
#pragma once

#include <memory>
#include <vector>

#include "models/recommenders/recommender.h"
#include "models/recommenders/transformer_block.h"

namespace models {

struct Bert4recConfig : ConfigOf<Bert4recConfig, class Bert4rec, TransformerConfig> {
  enum class Variant : uint8_t { Recbole, Plain };
  Variant variant = Variant::Recbole;
  double mask_ratio = 0.2;  // probability that an item is masked

  void describe(const nn::Visit& visit) override;
  nn::OrderedJson architecture() const override;
  TransformerBlockConfig block() const override;
  void check() const override;  // max_length, which includes the mask, must be at least 2
  bool is_causal() const override { return false; }
};

class Bert4rec : public TrainableRecommender {
 public:
  Bert4rec(const Bert4recConfig& config, uint64_t seed);

  // Masks each item with probability mask_ratio; if that masks none of a sequence, one drawn uniformly. The
  // masked items are the targets.
  SequenceBatch training_batch(const Histories& windows, const ag::RandomKey& key) const override;
  nn::Packed pack(const Histories& histories) const override;  // the last T - 1 items, then a mask
  const Bert4recConfig& config() const override { return config_; }

 private:
  ag::Tensor embed(const nn::Packed& input, const ag::Tensor& vectors) const;
  ag::Tensor encode(const nn::Packed& input, const ag::Tensor& vectors, Rows rows) const override;
  // With the head, the biases are one more column of the output embeddings, and a state ends with a one.
  ag::Tensor project(const ag::Tensor& h) const override;
  ag::Tensor tied_output(const ag::Tensor& table) const override;  // without the mask's row
  bool has_head() const { return output_ffn_ != nullptr; }
  int32_t mask_token() const { return static_cast<int32_t>(config_.items); }  // the row after the items'

  Bert4recConfig config_;
  nn::Embedding position_embedding_;  // (T,C)
  nn::LayerNorm norm_;                // of the input
  TransformerBlocks blocks_;
  std::unique_ptr<nn::Linear> output_ffn_;  // null in Plain, like the next two members
  std::unique_ptr<nn::LayerNorm> output_ln_;
  ag::Tensor output_bias_;  // (V)
};

}  // namespace models
