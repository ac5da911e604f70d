// BERT4Rec (Sun et al. 2019): a transformer that sees a sequence from both sides and predicts items that are
// masked. To recommend, a mask is put after the history and its item predicted.
//
//   Recbole  the form of RecBole 1.2.1: a state goes through a linear layer, gelu and a norm before it is
//            compared with the item table, and every item has a bias. In half of the steps only the last item
//            of each sequence is masked, as when it is asked for in evaluation
//   Plain    neither head nor bias, random masks only (antklen/sasrec-bert4rec-recsys23)
//
// Both: post-LN, gelu, eps 1e-12, positions from zero, the input normalised; all matrices begin as N(0,
// 0.02). Unlike RecBole, a masked first item counts, and a history keeps its first item if it fits.
#pragma once

#include <memory>
#include <vector>

#include "models/recommenders/recommender.h"
#include "models/recommenders/transformer_block.h"

namespace models {

struct Bert4recConfig : ConfigOf<Bert4recConfig, class Bert4rec, TransformerConfig> {
  enum class Variant : uint8_t { Recbole, Plain };
  Variant variant = Variant::Recbole;
  double mask_ratio = 0.2;  // share of a sequence's items that are masked

  void describe(const nn::Visit& visit) override;
  void check() const override;  // max_length, the mask included, is at least 2
  bool is_causal() const override { return false; }
};

class Bert4rec : public TrainableRecommender {
 public:
  Bert4rec(const Bert4recConfig& config, uint64_t seed);

  // Masks each item with probability mask_ratio, at least one, drawn evenly; the masked are the targets.
  SequenceBatch training_batch(const Histories& windows, const ag::RandomKey& key) const override;
  nn::Packed pack(const Histories& histories) const override;  // the last T - 1 items and a mask
  const Bert4recConfig& config() const override { return config_; }

 private:
  ag::Tensor embed(const nn::Packed& input, const ag::Tensor& vectors) const;
  ag::Tensor encode(const nn::Packed& input, const ag::Tensor& vectors, Rows rows) const override;
  // A bias is one more column of the output embeddings, against a one in the state.
  ag::Tensor project(const ag::Tensor& h) const override;
  ag::Tensor tied_output(const ag::Tensor& table) const override;  // without the mask's row
  bool has_head() const { return output_ffn_ != nullptr; }
  int32_t mask_token() const { return static_cast<int32_t>(config_.items); }  // the row after the items

  Bert4recConfig config_;
  nn::Embedding position_embedding_;  // (T,C)
  nn::LayerNorm norm_;                // of the input
  TransformerBlocks blocks_;
  std::unique_ptr<nn::Linear> output_ffn_;  // null in Plain, as the next two
  std::unique_ptr<nn::LayerNorm> output_ln_;
  ag::Tensor output_bias_;  // (V)
};

}  // namespace models
