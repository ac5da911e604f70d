// BERT4Rec (Sun et al. 2019): a transformer that sees a sequence from both sides and predicts items that are masked. To
// recommend, a mask is put behind the history and its item predicted.
//
//   Recbole  (default) the form of RecBole 1.2.1: a state goes through a linear layer, gelu and a norm before it is compared
//            with the item table, and every item has a bias. In half of the steps only the last item of each sequence is
//            masked, as when it is asked for in the end
//   Plain    neither head nor bias, random masks only (antklen/sasrec-bert4rec-recsys23)
//
// Both: post-LN, gelu, eps 1e-12, positions from zero, the input normalised; all matrices begin as N(0, 0.02).
// Unlike RecBole, a masked first item counts, and the history that is asked for keeps its first item where it fits.
#pragma once

#include <memory>
#include <vector>

#include "models/recommenders/recommender.h"
#include "models/recommenders/transformer_block.h"

namespace models {

class Bert4rec : public TrainableRecommender {
 public:
  // Reads all of the configuration but gru_hidden. max_length, the mask included, is at least 2.
  Bert4rec(const RecommenderModelConfig& config, uint64_t seed);

  // Masks each item with probability mask_ratio, and one drawn evenly where that leaves a sequence whole; the masked items are
  // the targets.
  SequenceBatch training_batch(const Histories& windows, const ag::RandomKey& key) const override;
  nn::Packed pack(const Histories& histories) const override;  // the last T - 1 items and a mask

 private:
  ag::Tensor embed(const nn::Packed& input, const ag::Tensor& vectors) const;
  ag::Tensor encode(const nn::Packed& input, const ag::Tensor& vectors) const override;
  ag::Tensor encode_last(const nn::Packed& input, const ag::Tensor& vectors) const override;
  // A bias is one more column of the table, against a one in the state.
  ag::Tensor output_states(const ag::Tensor& h) const override;
  ag::Tensor output_table(const ag::Tensor& table) const override;  // without the mask's row
  bool has_head() const { return output_ffn_ != nullptr; }
  int32_t mask_token() const { return static_cast<int32_t>(config_.items); }  // the row behind the items

  nn::Embedding position_embedding_;  // (T,C)
  nn::LayerNorm norm_;                // of the input
  TransformerBlocks blocks_;
  std::unique_ptr<nn::Linear> output_ffn_;  // null in Plain, as the next two
  std::unique_ptr<nn::LayerNorm> output_ln_;
  ag::Tensor output_bias_;  // (V)
};

}  // namespace models
