// The configuration of a recommender. Each model has its own, in its header; what all of them share is here.
#pragma once

#include <memory>

#include "models/recommenders/item_embedding.h"
#include "nn/io/describe.h"

namespace models {

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

}  // namespace models
