// What every sequential recommender offers: a score of every item for a history. Those that learn by gradient
// also make training batches of histories, and have a loss to train on.
#pragma once

#include <memory>
#include <vector>

#include "models/recommenders/item_embedding.h"
#include "models/recommenders/losses.h"
#include "nn/io/describe.h"
#include "nn/layers.h"

namespace models {

// --- configuration: each model has its own, in its header; what all of them share is here ------------------

class SequentialRecommender;

struct RecommenderModelConfig {
  int64_t items = 0;        // V
  int64_t max_length = 50;  // T: the window; longer histories are cut to their last T items
  int64_t hidden = 64;      // C: columns of an item's vector
  double dropout = 0.2;     // each model's header says on what
  // States are compared with the item table that is read; false: with a second one, as in gSASRec.
  bool tie_embeddings = true;
  ItemsUse use = ItemsUse::Init;
  int64_t features = 0;  // columns of the items' given vectors, unless use is Init

  virtual ~RecommenderModelConfig() = default;
  // The options of the model. Here those that every trained model has: all of the above but items and
  // features, which come from the data, and tie_embeddings.
  virtual void describe(const nn::Visit& visit);
  // Throws ag::InputError for values that do not fit each other.
  virtual void check() const;
  // A model with fresh weights, each a function of the seed and its name. Throws as check().
  virtual std::unique_ptr<SequentialRecommender> make(uint64_t seed) const = 0;
  virtual std::unique_ptr<RecommenderModelConfig> clone() const = 0;

  // True if a state depends on no later item, so that every position of a window can predict the next item.
  // BERT4Rec is not: it predicts masked items of the window itself.
  virtual bool is_causal() const { return true; }
  // Items of a training window at most, so that the model reads max_length of them.
  int64_t window_length() const { return max_length + (is_causal() ? 1 : 0); }

 protected:
  RecommenderModelConfig() = default;
  RecommenderModelConfig(const RecommenderModelConfig&) = default;
  RecommenderModelConfig& operator=(const RecommenderModelConfig&) = default;

  void describe_tying(const nn::Visit& visit);  // for the models that can have two tables
};

// make() and clone() of the configuration of a model, by the types of both.
template <class Config, class Model, class Base = RecommenderModelConfig>
struct ConfigOf : Base {
  std::unique_ptr<SequentialRecommender> make(uint64_t seed) const override {
    return std::make_unique<Model>(static_cast<const Config&>(*this), seed);
  }
  std::unique_ptr<RecommenderModelConfig> clone() const override {
    return std::make_unique<Config>(static_cast<const Config&>(*this));
  }
};

// A configuration of any model, copied as a value.
class AnyRecommenderConfig {
 public:
  AnyRecommenderConfig(const RecommenderModelConfig& config) : config_(config.clone()) {}
  AnyRecommenderConfig(const AnyRecommenderConfig& other) : config_(other->clone()) {}
  AnyRecommenderConfig& operator=(const AnyRecommenderConfig& other) {
    config_ = other->clone();
    return *this;
  }

  RecommenderModelConfig* operator->() { return config_.get(); }
  const RecommenderModelConfig* operator->() const { return config_.get(); }
  const RecommenderModelConfig& operator*() const { return *config_; }
  // As the configuration of one model; null if it is that of another.
  template <class Config>
  const Config* as() const {
    return dynamic_cast<const Config*>(config_.get());
  }

 private:
  std::unique_ptr<RecommenderModelConfig> config_;
};

inline void describe(AnyRecommenderConfig& config, const nn::Visit& visit) { config->describe(visit); }

// --- models ------------------------------------------------------------------------------------------------

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

// What one training step sees. A loss draws nothing: targets, masked positions and negatives are here.
struct SequenceBatch {
  nn::Packed input;      // N items in B sequences
  ag::Tensor targets;    // (M) I32: what is to be predicted
  ag::Tensor rows;       // (M) I32: at which row of the input; undefined: at every row, M = N
  ag::Tensor negatives;  // (M,n) I32, only for losses that sample
  ag::Tensor
      item_rows;  // (U,C): if defined, all ids index these rows, not the whole item table (sparse steps)
};

// Sequences [begin, end) of a batch with what is predicted in them. The whole is drawn before it is cut, so
// that the parts' losses, each times its share of the M targets, add up to the whole's.
SequenceBatch part(const SequenceBatch& whole, int64_t begin, int64_t end);

enum class Rows : uint8_t { All, LastOnly };  // of which rows of the input a state is asked for

class TrainableRecommender : public SequentialRecommender {
 public:
  // Input and targets of a training step, made of windows of at least two items; the trainer adds negatives.
  // By default every item but the last is read and the next one predicted. `key` is for masks.
  virtual SequenceBatch training_batch(const Histories& windows, const ag::RandomKey& key) const;
  ag::Tensor loss(const SequenceBatch& batch, const LossConfig& config) const;  // -> ()

  nn::Packed pack(const Histories& histories) const override;  // the last T items, positions from zero
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

  // The states (N,C) of the input, whose items have these vectors (N,d); or only the last ones (B,C).
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
