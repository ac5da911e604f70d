#include "models/recommenders/item_embedding.h"

namespace models {

using ag::Tensor;

ItemEmbedding::ItemEmbedding(const ItemEmbeddingConfig& config) : config_(config) {
  const int64_t V = config.items, d = config.columns, D = config.features;
  if (config.use == ItemsUse::Init) {
    weight_ = parameter("weight", {V + config.extra_rows, d});
    return;
  }
  INPUT_CHECK(D >= 2, "features: found ", D, "; expected at least 2 columns, which an adapter halves");
  int64_t adapted = d;
  if (config.use == ItemsUse::Concat) {
    adapted = d / 2;
    weight_ = parameter("weight", {V, d - adapted});
  }
  features_ = parameter("features", {V, D});
  features_.set_requires_grad(false);
  if (config.extra_rows > 0) extra_ = parameter("extra", {config.extra_rows, d});
  down_ = std::make_unique<nn::Linear>(D, D / 2, true);
  narrow_ = std::make_unique<nn::Linear>(D / 2, adapted, true);
  child("adapter.0", *down_);
  child("adapter.1", *narrow_);
}

void ItemEmbedding::set(const Tensor& vectors) {
  Tensor own = config_.use == ItemsUse::Init ? weight_.rows(0, config_.items) : features_;
  INPUT_CHECK(vectors.shape() == own.shape(), "items' vectors have shape ", vectors.shape(), "; expected ",
              own.shape());
  own.copy_from(vectors);
}

// There is no activation between the two layers, so they are one: x -> W1 (W0 x + b0) + b1. Computing W1 W0
// first costs a fraction of applying W0 to all items.
Tensor ItemEmbedding::adapt(const Tensor& features) const {
  const Tensor weight = ag::matmul(narrow_->weight, down_->weight);  // (d,D/2)(D/2,D) -> (d,D)
  const Tensor bias = (*narrow_)(ag::reshape(down_->bias, {1, down_->bias.numel()}));
  return ag::linear(features, weight, ag::reshape(bias, {bias.numel()}));
}

Tensor ItemEmbedding::table() const {
  if (config_.use == ItemsUse::Init) return weight_;
  const Tensor adapted = adapt(features_);
  const Tensor items = config_.use == ItemsUse::Concat ? ag::concat({weight_, adapted}, 1) : adapted;
  return extra_.defined() ? ag::concat({items, extra_}, 0) : items;
}

Tensor ItemEmbedding::operator()(const Tensor& ids) const {
  if (config_.use == ItemsUse::Init) return ag::embedding(weight_, ids);
  // The table is made if ids of items and of extra rows may be mixed, and if there are more ids than items.
  if (extra_.defined() || ids.numel() > config_.items) return ag::embedding(table(), ids);
  const Tensor adapted = adapt(ag::embedding(features_, ids));
  return config_.use == ItemsUse::Concat ? ag::concat({ag::embedding(weight_, ids), adapted}, 1) : adapted;
}

}  // namespace models
