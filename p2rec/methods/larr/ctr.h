// Steps 4 to 6: the encoder that combines a scene's features, its alignment, and the model that predicts
// clicks.
//
//   v_f   = W_text t_f + p_f  t_f the cached text state of the scene's feature f, p_f a vector for each field
//   s     = first row of blocks([a, v_1, ..., v_F])
//           blocks: a bidirectional encoder, a: the aggregation token
//   i     = W_item t_item     t_item the cached text state of the item
//   o     = one_hot(scene, item)      a row of the table for each feature and for the item
//   click = sigmoid(MLP([o, s, i, s * i]))
//   loss  = bce(click) + align * L    bce: the binary cross-entropy
//   L     = contrastive_loss(W_align s, q)    q: the item vectors of the recommender
//
// The aggregation is over the features of time and user; those of the item are in its text. The alignment is
// over the clicked scenes of a batch, of each item the first one. Without texts the model is MLP(o), the
// control.
#pragma once

#include <memory>
#include <vector>

#include "models/recommenders/transformer_block.h"
#include "nn/layers.h"
#include "p2rec/methods/larr/scenes.h"
#include "p2rec/training/loop.h"

namespace p2rec {

struct CtrConfig {
  int64_t hidden = 16;  // d: columns of every vector
  int64_t inner = 64;   // of the MLP and of the encoder's feed-forward layer
  int64_t layers = 1, heads = 2;
  double dropout = 0.1;  // on the MLP's inner layer and in the encoder
  double lr = 1e-3, weight_decay = 0.01;
  int64_t batch = 256, max_epochs = 30;
  int64_t patience = 3;  // epochs without a better validation AUC
  double align = 0.1, align_temperature = 0.1;
  uint64_t seed = 1;
};
void describe(CtrConfig& config, const nn::Visit& visit);

// The inputs of a model besides ids.
struct CtrInputs {
  ag::Tensor features = {}, items = {};  // cached states (features,C), (V,C); undefined: no texts
  bool one_hot = true;                   // false: only texts
  ag::Tensor aligned = {};               // the recommender's item vectors (V,d); undefined: no alignment
};

class CtrModel : public nn::Module {
 public:
  // `items`: V. Throws ag::Error if it would read neither texts nor one-hot features.
  CtrModel(const Scenes& scenes, int64_t items, const CtrInputs& inputs, const CtrConfig& config);

  // The logits (B) of clicks. `scene` (B,d): also returns s, if there are texts.
  ag::Tensor operator()(std::span<const Impression> batch, const nn::DropoutContext& dropout = {},
                        ag::Tensor* scene = nullptr) const;
  ag::Tensor align(const ag::Tensor& scene /*(B,d)*/) const { return align_(scene); }  // W_align s: (B,d)
  ag::Tensor item_vectors() const;  // the rows of the items in the one-hot table (V,d), detached

 private:
  ag::Tensor one_hot(std::span<const Impression> batch) const;                              // (B,(F+1) d)
  ag::Tensor scene_of(std::span<const Impression> batch, const nn::DropoutContext&) const;  // (B,d)
  const Scenes& scenes_;
  int64_t items_;
  CtrInputs inputs_;
  CtrConfig config_;
  nn::Embedding table_;   // one row for each feature, then for each item
  nn::Embedding fields_;  // row 0: the aggregation token a; then p_f
  nn::Linear text_, item_, align_, inner_, output_;
  models::TransformerBlocks blocks_;
};

struct CtrTraining {
  std::unique_ptr<CtrModel> model;  // with the weights of the best epoch
  std::vector<double> validation;   // AUC after each epoch
  int64_t best_epoch = 0;
};
CtrTraining train_ctr(const Scenes& scenes, int64_t items, const Impressions& impressions,
                      const CtrInputs& inputs, const CtrConfig& config, const Task& task = {});

// Probabilities of a click.
std::vector<double> click_probabilities(const CtrModel& model, std::span<const Impression> impressions);

// --- measures ----------------------------------------------------------------------------------------------

// For each click, the share of the other impressions that have a lower score; an equal score counts half.
// Their mean is the area under the ROC curve (Mann and Whitney 1947). Empty if all impressions are clicks.
std::vector<double> auc_shares(const std::vector<double>& scores, const std::vector<bool>& clicks);
double auc(const std::vector<double>& scores, const std::vector<bool>& clicks);  // NaN if undefined

// The mean of -log p of what happened. Probabilities are cut to [1e-7, 1 - 1e-7].
double log_loss(const std::vector<double>& probabilities, const std::vector<bool>& clicks);

}  // namespace p2rec
