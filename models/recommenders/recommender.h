// What every sequential recommender offers: training batches made of histories, a loss to train on, and a score of every item
// for a history. make_recommender makes any of those that learn by gradient.
#pragma once

#include <memory>
#include <vector>

#include "models/recommenders/item_embedding.h"
#include "models/recommenders/losses.h"
#include "nn/layers.h"

namespace models {

// What one training step sees. Nothing random happens inside a loss: targets, masked positions and negatives are given here.
struct SequenceBatch {
  nn::Packed input;      // N items in B sequences
  ag::Tensor targets;    // (M) I32: what is to be predicted
  ag::Tensor rows;       // (M) I32: at which row of the input; undefined: at every row, M = N
  ag::Tensor negatives;  // (M,n) I32, only for losses that sample
  // (U,C): the rows of the item table that the ids above mean, where a step works on those that it needs alone; undefined:
  // the ids are items
  ag::Tensor item_rows;
};

// Sequences [begin, end) of a batch with what is predicted in them. A batch is drawn as a whole before it is cut: its parts
// then have its negatives and masks, and their losses, each times its share of the M targets, add up to the whole batch's.
SequenceBatch part(const SequenceBatch& whole, int64_t begin, int64_t end);

using Histories = std::vector<std::vector<int32_t>>;  // items in the order of time

class SequentialRecommender : public nn::Module {
 public:
  virtual ag::Tensor loss(const SequenceBatch& batch) const = 0;          // -> ()
  virtual ag::Tensor user_states(const nn::Packed& histories) const = 0;  // (B,C), of the last position
  virtual ag::Tensor item_table() const = 0;  // (V,C): what states are compared with
  // Packs histories as the model reads them: cut to its window, with its positions.
  virtual nn::Packed pack(const Histories& histories) const = 0;

  // Input and targets of a training step, made of windows of at least two items; negatives are added by the trainer. By
  // default every item but the last is read and the next one predicted. `key` draws what is random about it.
  virtual SequenceBatch training_batch(const Histories& windows, const ag::RandomKey& key) const;

  // (B,V): how well each item fits behind each history; the higher the better. Records nothing.
  ag::Tensor scores(const nn::Packed& histories) const;
};

// --- those that learn by gradient --------------------------------------------------------------------------------------

enum class RecommenderKind : uint8_t { Sasrec, Gru4rec, Bert4rec };

// Forms in which a model is published; which of them a model has, its header says.
enum class Variant : uint8_t { Default, Prenorm, Original, Recbole, S3rec, Plain };

struct RecommenderModelConfig {
  RecommenderKind kind = RecommenderKind::Sasrec;
  Variant variant = Variant::Default;
  int64_t items = 0;         // V
  int64_t max_length = 50;   // T: the window; longer histories are cut to their last T items
  int64_t hidden = 64;       // C, d: of an item's vector
  int64_t inner = 64;        // transformers: of the feed-forward layer
  int64_t blocks = 2;        // transformers
  int64_t heads = 2;         // transformers
  int64_t gru_hidden = 128;  // GRU4Rec: of the recurrent state
  double dropout =
      0.2;  // on the embeddings, and in transformers on the attention's weights and both branches of a block
  double mask_ratio = 0.2;  // BERT4Rec: share of a sequence's items that are masked
  bool own_output =
      false;  // states are compared with a second table instead of the one that is read (gSASRec)
  LossConfig loss;
  ItemsUse use = ItemsUse::Start;
  int64_t features = 0;  // columns of the items' given vectors, unless use is Start

  // Whether training reads all items of a window but the last and predicts each next one; else some are masked.
  bool shifts() const { return kind != RecommenderKind::Bert4rec; }
  // Items of a training window at most, so that the model reads max_length of them.
  int64_t window_length() const { return max_length + (shifts() ? 1 : 0); }
};

class TrainableRecommender : public SequentialRecommender {
 public:
  ag::Tensor loss(const SequenceBatch& batch) const override;
  ag::Tensor user_states(const nn::Packed& histories) const override;
  ag::Tensor item_table() const override { return compared_table(items_.table()); }

  ag::Tensor states(const nn::Packed& input) const { return encode(input, items_(input.ids)); }  // (N,C)
  ItemEmbedding& items() { return items_; }
  const RecommenderModelConfig& config() const { return config_; }

 protected:
  // `extra_rows` are trainable rows of the item table that are no items.
  TrainableRecommender(const RecommenderModelConfig& config, int64_t extra_rows);

  // The states (N,C) behind the input, whose items have these vectors (N,d).
  virtual ag::Tensor encode(const nn::Packed& input, const ag::Tensor& vectors) const = 0;
  // Those of the last item of each sequence alone (B,C), where a model can have them for less.
  virtual ag::Tensor encode_last(const nn::Packed& input, const ag::Tensor& vectors) const {
    return ag::embedding(encode(input, vectors), input.offsets.last_rows());
  }
  // What is compared with output_table: of the states that are asked for, (M,C) -> (M,C').
  virtual ag::Tensor output_states(const ag::Tensor& h) const { return h; }
  virtual ag::Tensor output_table(const ag::Tensor& table /*(V + extra, d)*/) const {
    return table;
  }  // (V,C')

  RecommenderModelConfig config_;

 private:
  ag::Tensor compared_table(const ag::Tensor& table) const;

  ItemEmbedding items_;
  std::unique_ptr<nn::Embedding> output_items_;  // (V,C), null unless own_output
};

// A model with fresh weights, each a function of the seed and its name. Throws ag::InputError for a variant that the model
// does not have and for sizes that do not fit each other.
std::unique_ptr<TrainableRecommender> make_recommender(const RecommenderModelConfig& config, uint64_t seed);

// The last `most` items of each history.
Histories latest(const Histories& histories, int64_t most);

}  // namespace models
