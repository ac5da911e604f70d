// The item vectors of a recommender: a trainable table, or computed from given vectors.
//
// These are the three ways in which step 6 of the method uses the enhanced embeddings:
//   Init    a trainable table; the given vectors initialise it
//   Frozen  the given vectors (V,D) are not trained; an adapter D -> D/2 -> d of two linear layers is
//           (after liuqidong07/LLM-ESR)
//   Concat  the first half of a vector comes from a trainable table, the second half from the given vectors
//           through an adapter
#pragma once

#include <memory>

#include "nn/layers.h"

namespace models {

enum class ItemsUse : uint8_t { Init, Frozen, Concat };

struct ItemEmbeddingConfig {
  int64_t items = 0;       // V
  int64_t extra_rows = 0;  // trainable rows after the items, for example a mask token
  int64_t columns = 0;     // d
  ItemsUse use = ItemsUse::Init;
  int64_t features = 0;  // D: columns of the given vectors, for Frozen and Concat
};

class ItemEmbedding : public nn::Module {
 public:
  explicit ItemEmbedding(const ItemEmbeddingConfig& config);

  // Sets the table's initial values (V,d) with Init, else the given vectors (V,D).
  // Throws ag::InputError for another shape.
  void set(const ag::Tensor& vectors);

  ag::Tensor table() const;  // (V + extra rows, d)
  // The table's rows for ids (N) I32: (N,d). If they are few, the other rows are not computed.
  ag::Tensor operator()(const ag::Tensor& ids) const;

  // The parameter that is the table, for sparse steps; undefined unless Init.
  ag::Tensor trainable_table() const { return config_.use == ItemsUse::Init ? weight_ : ag::Tensor(); }

 private:
  ag::Tensor adapt(const ag::Tensor& features) const;
  ItemEmbeddingConfig config_;
  ag::Tensor weight_;                          // Init: (V + extra, d); Concat: (V, d - d/2)
  ag::Tensor features_;                        // (V,D), not trained
  ag::Tensor extra_;                           // (extra, d) with Frozen and Concat
  std::unique_ptr<nn::Linear> down_, narrow_;  // the adapter: D -> D/2 -> its share of d
};

}  // namespace models
