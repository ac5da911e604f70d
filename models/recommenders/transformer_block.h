// One block of SASRec and BERT4Rec: attention and a feed-forward layer, each with a residual path. The
// published forms differ in the place of the layer norms.
#pragma once

#include <memory>
#include <vector>

#include "models/recommenders/recommender.h"

namespace models {

enum class NormPlace : uint8_t {
  // x += attention(norm1(x)), x += feed_forward(norm2(x)): most re-implementations
  Before,
  // x = norm1(x + attention(x)), x = norm2(x + feed_forward(x)): BERT, and RecBole's SASRec
  After,
  // q = norm1(x), x = q + attention(queries q, keys and values x); n = norm2(x), x = n + feed_forward(n): the
  // code of Kang and McAuley; its attention has no output projection
  Query,
};
enum class Activation : uint8_t { Relu, Gelu };

struct TransformerBlockConfig {
  int64_t hidden = 64, inner = 64, heads = 2;  // C; size of the feed-forward layer; heads divides hidden
  NormPlace norm = NormPlace::Before;
  Activation activation = Activation::Relu;
  bool inner_dropout = true;  // dropout also on the feed-forward layer's activation
  double dropout = 0;         // rate, on the attention's weights and on both branches
  double eps = 1e-5;
  ag::Mask mask = ag::Mask::Causal;
};

// The fields that the configurations of SASRec and BERT4Rec share.
struct TransformerConfig : RecommenderModelConfig {
  int64_t inner = 64;  // size of the feed-forward layer
  int64_t blocks = 2;
  int64_t heads = 2;  // divides hidden
  void describe(const nn::Visit& visit) override;
  nn::OrderedJson architecture() const override;
  void check() const override;
  virtual TransformerBlockConfig block() const = 0;  // of each of its blocks
};

// The block with the sizes and the dropout of a recommender's configuration, in the form of most
// re-implementations: pre-norm, relu.
TransformerBlockConfig prenorm_block(const TransformerConfig& config);
// The same in the form of BERT, RecBole's SASRec and BERT4Rec: post-norm, gelu without dropout, eps 1e-12.
TransformerBlockConfig postnorm_block(const TransformerConfig& config);

constexpr double kTransformerStd = 0.02;  // of the initial values of tables and matrices, as in BERT

// Parameter names are those of torch.nn.TransformerEncoderLayer.
class TransformerBlock : public nn::Module {
 public:
  // `name` makes the random streams of the model's blocks different.
  TransformerBlock(const TransformerBlockConfig& config, const std::string& name);
  // x (N,C) -> (N,C), or, with less work, only the last row of each sequence: (B,C).
  ag::Tensor operator()(const ag::Tensor& x, const nn::Packed& batch, Rows rows) const;

 private:
  ag::Tensor attend(const ag::Tensor& queries, const ag::Tensor& x, const nn::Packed& batch, Rows rows,
                    const nn::DropoutContext& dropout) const;
  ag::Tensor feed_forward(const ag::Tensor& x, const nn::DropoutContext& dropout) const;

  TransformerBlockConfig config_;
  uint32_t weights_stream_, attention_stream_, inner_stream_, feed_forward_stream_;  // of dropout
  ag::Tensor in_proj_weight_ /*(3C,C)*/, in_proj_bias_ /*(3C)*/;                     // rows of q, k, v
  std::unique_ptr<nn::Linear> out_proj_;  // null for NormPlace::Query
  nn::Linear linear1_, linear2_;
  nn::LayerNorm norm1_, norm2_;
};

using TransformerBlocks = std::vector<std::unique_ptr<TransformerBlock>>;

// x (N,C) through all blocks -> (N,C), or only the last row of each sequence -> (B,C).
ag::Tensor forward(const TransformerBlocks& blocks, ag::Tensor x, const nn::Packed& batch, Rows rows);

}  // namespace models
