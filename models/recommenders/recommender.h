// The interface of the sequential recommenders: they score every item for a history. Those that are trained
// also make training batches from histories and compute a loss.
#pragma once

#include <memory>
#include <vector>

#include "models/recommenders/item_embedding.h"
#include "models/recommenders/losses.h"
#include "nn/io/describe.h"
#include "nn/io/json_fwd.h"
#include "nn/layers.h"

namespace models {

// --- configuration: the part that all models share; each model's own part is in its header -----------------

class SequentialRecommender;

struct RecommenderModelConfig {
  int64_t items = 0;        // V
  int64_t max_length = 50;  // T: longer histories are cut to their last T items
  int64_t hidden = 64;      // C: columns of an item's vector
  double dropout = 0.2;     // rate; each model's header says where it acts
  // True: states are compared with the input's item table; false: with a second table, as in gSASRec.
  bool tie_embeddings = true;
  ItemsUse use = ItemsUse::Init;
  int64_t features = 0;  // columns of the given item vectors, unless use is Init

  virtual ~RecommenderModelConfig() = default;
  // Visits the model's options. This function visits those of every trained model: the fields above except
  // items and features, which come from the data, and tie_embeddings.
  virtual void describe(const nn::Visit& visit);
  // All that another program needs to compute the scores from the weights: sizes, and what the model does
  // with them; nothing that only training uses. p2rec/README.md explains the entries.
  virtual nn::OrderedJson architecture() const;
  // Throws ag::InputError if values contradict each other.
  virtual void check() const;
  // A model with initial weights, each a function of the seed and its name. Throws as check().
  virtual std::unique_ptr<SequentialRecommender> make(uint64_t seed) const = 0;
  virtual std::unique_ptr<RecommenderModelConfig> clone() const = 0;

  // True if a state does not depend on later items, so that every position of a window can predict the next
  // item. False for BERT4Rec, which predicts masked items of the window itself.
  virtual bool is_causal() const { return true; }
  // The largest number of items of a training window, of which the model reads max_length.
  int64_t window_length() const { return max_length + (is_causal() ? 1 : 0); }

 protected:
  RecommenderModelConfig() = default;
  RecommenderModelConfig(const RecommenderModelConfig&) = default;
  RecommenderModelConfig& operator=(const RecommenderModelConfig&) = default;

  void describe_tying(const nn::Visit& visit);  // the option of models that can have two tables
};

// Implements make() and clone() from the types of a configuration and its model.
template <class Config, class Model, class Base = RecommenderModelConfig>
struct ConfigOf : Base {
  std::unique_ptr<SequentialRecommender> make(uint64_t seed) const override {
    return std::make_unique<Model>(static_cast<const Config&>(*this), seed);
  }
  std::unique_ptr<RecommenderModelConfig> clone() const override {
    return std::make_unique<Config>(static_cast<const Config&>(*this));
  }
};

// The configuration of any model, which can be copied as a value.
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
  // This configuration as a `Config`; null if it belongs to another model.
  template <class Config>
  const Config* as() const {
    return dynamic_cast<const Config*>(config_.get());
  }

 private:
  std::unique_ptr<RecommenderModelConfig> config_;
};

inline void describe(AnyRecommenderConfig& config, const nn::Visit& visit) { config->describe(visit); }

// --- models ------------------------------------------------------------------------------------------------

using Histories = std::vector<std::vector<int32_t>>;  // items, the oldest first

class SequentialRecommender : public nn::Module {
 public:
  virtual const RecommenderModelConfig& config() const = 0;

  // Packs histories as the model's input: cut to max_length, with the model's positions.
  virtual nn::Packed pack(const Histories& histories) const = 0;
  virtual ag::Tensor user_states(const nn::Packed& histories) const = 0;  // (B,C), at the last position
  virtual ag::Tensor output_embeddings() const = 0;  // (V,C): states are compared with these

  // (B,V): the score of each item as the next one after each history; higher is better. Records nothing.
  ag::Tensor scores(const nn::Packed& histories) const;
};

// The input of one training step. All that is random is in it (targets, masked
// positions, negatives): a loss draws nothing.
struct SequenceBatch {
  nn::Packed input;      // N items in B sequences
  ag::Tensor targets;    // (M) I32: the items to predict
  ag::Tensor rows;       // (M) I32: the input row that predicts each target; undefined: M = N, all rows
  ag::Tensor negatives;  // (M,n) I32, only for losses that sample
  // (U,C): if defined, all ids index these rows, not the whole item table (sparse steps)
  ag::Tensor item_rows;
};

// Sequences [begin, end) of a batch, with their targets. The whole batch is drawn before it is cut, so the
// sum of the parts' losses, each times its share of the M targets, is the loss of the whole batch.
SequenceBatch part(const SequenceBatch& whole, int64_t begin, int64_t end);

enum class Rows : uint8_t { All, LastOnly };  // the input rows whose states are needed

class TrainableRecommender : public SequentialRecommender {
 public:
  // Makes input and targets of a training step from windows of at least two items; the
  // trainer adds negatives. By default the model reads every item but the last and
  // predicts the next one. `key` is for masks.
  virtual SequenceBatch training_batch(const Histories& windows, const ag::RandomKey& key) const;
  ag::Tensor loss(const SequenceBatch& batch, const LossConfig& config) const;  // -> ()

  nn::Packed pack(const Histories& histories) const override;  // the last T items, positions from 0
  ag::Tensor user_states(const nn::Packed& histories) const override;
  ag::Tensor output_embeddings() const override { return output_embeddings_of(items_.table()); }

  ItemEmbedding& input_embeddings() { return items_; }
  const ItemEmbedding& input_embeddings() const { return items_; }
  ag::Tensor states(const nn::Packed& input) const {  // (N,C)
    return encode(input, items_(input.ids), Rows::All);
  }

 protected:
  // `extra_rows` is the number of trainable rows of the item table that are not items.
  TrainableRecommender(const RecommenderModelConfig& config, int64_t extra_rows);

  // The states of the input, whose items have these vectors (N,d): (N,C), or only the last ones (B,C).
  virtual ag::Tensor encode(const nn::Packed& input, const ag::Tensor& vectors, Rows rows) const = 0;
  // Maps states to the vectors that are compared with the output embeddings: (M,C) -> (M,C').
  virtual ag::Tensor project(const ag::Tensor& h) const { return h; }
  // The output embeddings (V,C') if they are tied to the input's table (V + extra, d).
  virtual ag::Tensor tied_output(const ag::Tensor& table) const { return table; }

 private:
  ag::Tensor output_embeddings_of(const ag::Tensor& table) const;

  ItemEmbedding items_;
  std::unique_ptr<nn::Embedding> untied_;  // (V,C), null if the embeddings are tied
};

// The same recommender with the item table that its adapter computes as an ordinary one, for serving: the
// same scores from fewer numbers. Throws ag::Error for a model that is not trained or has no adapter.
std::unique_ptr<SequentialRecommender> with_cached_table(const SequentialRecommender& model);

// The last `most` items of each history.
Histories latest(const Histories& histories, int64_t most);

}  // namespace models
