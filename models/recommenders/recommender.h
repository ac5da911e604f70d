// What every sequential recommender offers: a score of every item for a history. Those that learn by gradient
// also make training batches of histories, and have a loss to train on.
#pragma once

#include <memory>
#include <vector>

#include "models/recommenders/config.h"
#include "models/recommenders/losses.h"
#include "nn/layers.h"

namespace models {

using Histories = std::vector<std::vector<int32_t>>;  // items in the order of time

class SequentialRecommender : public nn::Module {
 public:
  // Packs histories as the model reads them: cut to its window, with its positions.
  virtual nn::Packed pack(const Histories& histories) const = 0;
  virtual ag::Tensor user_states(const nn::Packed& histories) const = 0;  // (B,C), of the last position
  virtual ag::Tensor output_embeddings() const = 0;  // (V,C): what states are compared with

  // (B,V): how well each item fits after each history; the higher the better. Records nothing.
  ag::Tensor scores(const nn::Packed& histories) const;
};

// What one training step sees. Nothing random happens inside a loss: targets, masked positions and negatives
// are given here.
struct SequenceBatch {
  nn::Packed input;      // N items in B sequences
  ag::Tensor targets;    // (M) I32: what is to be predicted
  ag::Tensor rows;       // (M) I32: at which row of the input; undefined: at every row, M = N
  ag::Tensor negatives;  // (M,n) I32, only for losses that sample
  ag::Tensor
      item_rows;  // (U,C): if defined, all ids index these rows, not the whole item table (sparse steps)
};

enum class Rows : uint8_t { All, LastOnly };  // of which rows of the input a state is asked for

class TrainableRecommender : public SequentialRecommender {
 public:
  // Input and targets of a training step, made of windows of at least two items; negatives are added by the
  // trainer. By default every item but the last is read and the next one predicted. `key` draws what is
  // random about it.
  virtual SequenceBatch training_batch(const Histories& windows, const ag::RandomKey& key) const;
  ag::Tensor loss(const SequenceBatch& batch, const LossConfig& config) const;  // -> ()

  ag::Tensor user_states(const nn::Packed& histories) const override;
  ag::Tensor output_embeddings() const override { return output_embeddings_of(items_.table()); }

  virtual const RecommenderModelConfig& config() const = 0;
  ItemEmbedding& input_embeddings() { return items_; }
  ag::Tensor states(const nn::Packed& input) const {  // (N,C)
    return encode(input, items_(input.ids), Rows::All);
  }

 protected:
  // `extra_rows` are trainable rows of the item table that are no items.
  TrainableRecommender(const RecommenderModelConfig& config, int64_t extra_rows);

  // The states (N,C) of the input, whose items have these vectors (N,d); or of last items only (B,C).
  virtual ag::Tensor encode(const nn::Packed& input, const ag::Tensor& vectors, Rows rows) const = 0;
  // What is compared with the output embeddings: (M,C) -> (M,C').
  virtual ag::Tensor project(const ag::Tensor& h) const { return h; }
  // The output embeddings (V,C') where they are tied to the input's, of table (V + extra, d).
  virtual ag::Tensor tied_output(const ag::Tensor& table) const { return table; }

 private:
  ag::Tensor output_embeddings_of(const ag::Tensor& table) const;

  ItemEmbedding items_;
  std::unique_ptr<nn::Embedding> untied_;  // (V,C), null if the embeddings are tied
};

// The last `most` items of each history.
Histories latest(const Histories& histories, int64_t most);

}  // namespace models
