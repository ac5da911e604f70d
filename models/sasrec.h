// SASRec: self-attentive sequential recommendation (Kang and McAuley 2018), in the pre-LN form of today's
// re-implementations: a causal transformer over the items of a history whose states are compared with the
// item table.
#pragma once

#include <memory>
#include <vector>

#include "models/recommenders.h"

namespace models {

enum class RecommenderLoss : uint8_t {
  CrossEntropy,  // over all items at every position
  BCE,           // the target against sampled negatives: the mean of all binary terms
};

struct SasrecConfig {
  int64_t items = 0;        // V
  int64_t max_length = 50;  // T: the window; longer histories are cut to their last T items
  int64_t hidden = 64;      // C
  int64_t inner = 64;       // of the feed-forward layer
  int64_t blocks = 2;
  int64_t heads = 2;
  double dropout = 0.2;  // on the embeddings and on both branches of a block
  double eps = 1e-5;     // of the layer norms
  RecommenderLoss loss = RecommenderLoss::CrossEntropy;
};

// x += out_proj(attention(norm1(x))), x += linear2(relu(linear1(norm2(x)))); the names of
// nn.TransformerEncoderLayer.
class SasrecBlock : public nn::Module {
 public:
  SasrecBlock(const SasrecConfig& config, uint32_t site);
  ag::Tensor operator()(const ag::Tensor& x /*(N,C)*/, const nn::Packed& batch) const;

 private:
  ag::Tensor attend(const ag::Tensor& x, const ag::Offsets& offsets) const;
  int64_t heads_;
  double dropout_;
  uint32_t site_;  // the first of the block's sites of randomness
  ag::Tensor in_proj_weight_ /*(3C,C)*/, in_proj_bias_ /*(3C)*/;
  nn::Linear out_proj_, linear1_, linear2_;
  nn::LayerNorm norm1_, norm2_;
};

class Sasrec : public SequentialRecommender {
 public:
  // Tables and linear layers N(0, 0.02), in_proj Xavier uniform, biases zero.
  Sasrec(const SasrecConfig& config, uint64_t seed);

  ag::Tensor loss(const SequenceBatch& batch) const override;
  ag::Tensor user_states(const nn::Packed& histories) const override;
  ag::Tensor item_table() const override { return item_embedding_.weight; }
  // Right-aligned: the last item has position T-1 whatever the length.
  nn::Packed pack(const std::vector<std::vector<int32_t>>& histories) const override;

  ag::Tensor states(const nn::Packed& batch) const;  // (N,C), of every position
  const SasrecConfig& config() const { return config_; }

 private:
  SasrecConfig config_;
  nn::Embedding item_embedding_, position_embedding_;
  std::vector<std::unique_ptr<SasrecBlock>> blocks_;
  nn::LayerNorm norm_;
};

}  // namespace models
